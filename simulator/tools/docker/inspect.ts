/** `docker … inspect`: cli/command/inspect/inspector.go. Prints what the engine sent, indented or through a template. */
import type { ApiResult } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { daemonError, eraOf } from './client.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';
import { goValue, type StructType } from './goTypes.ts';
import { TemplateError } from './template/error.ts';
import { Template } from './template/execute.ts';
import { isMap, type Value } from './template/value.ts';

export interface InspectStyle {
  readonly fetch: (reference: string) => ApiResult<object>;
  /** The client's words for a 404, instead of the daemon's. */
  readonly notFound?: (reference: string) => string;
  /** Fields by Go type: templates see those only. Otherwise the raw JSON, where a missing key is an error. */
  readonly type?: StructType;
  /** Errors wrapped once more: `Status: …, Code: N`, as service and node inspect do. */
  readonly wrapped?: boolean;
}

/** *blocking* Prints all of `references`; errors follow. */
export function* inspectAll(
  call: Call,
  references: readonly string[],
  format: string,
  style: InspectStyle,
): Blocking<number> {
  const wrap = (text: string, code: number): Failure =>
    style.wrapped === true && eraOf(call.ctx).client.help.complaints === 'cobra'
      ? new Failure(`Status: ${text}, Code: ${code}`)
      : new Failure(text, code);
  const template = format === '' || format === 'json' ? undefined : compile(format, wrap);
  const errors: string[] = [];
  const elements: object[] = [];
  let text = '';
  for (const reference of references) {
    const result = style.fetch(reference);
    if (!result.ok) {
      errors.push(
        result.status === 404 && style.notFound !== undefined ? style.notFound(reference) : daemonError(result),
      );
      continue;
    }
    if (template === undefined) elements.push(result.value);
    else {
      try {
        text += `${applyTemplate(template, result.value, style.type)}\n`;
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        errors.push(`template parsing error: ${error.message}`);
      }
    }
  }
  if (template !== undefined) yield* call.ctx.out(text === '' ? '\n' : text);
  else if (elements.length === 0) yield* call.ctx.out('[]\n');
  else yield* call.ctx.out(`${format === 'json' ? JSON.stringify(elements) : indentJson(elements)}\n`);
  if (errors.length > 0) throw wrap(errors.join('\n'), 1);
  return 0;
}

function compile(format: string, wrap: (text: string, code: number) => Failure): Template {
  try {
    return new Template(format);
  } catch (error) {
    if (error instanceof TemplateError) throw wrap(`template parsing error: ${error.message}`, 64);
    throw error;
  }
}

function applyTemplate(template: Template, value: object, type: StructType | undefined): string {
  if (type !== undefined) return template.execute(goValue(type, value));
  return template.execute(withGoNames(value as Value), { missingKey: 'error' });
}

// The client tries the Go struct first, whose field is ID where JSON says Id. Not enumerable: `{{json .}}` does not show it.
function withGoNames(value: Value): Value {
  if (!isMap(value) || !('Id' in value)) return value;
  return Object.defineProperty({ ...value }, 'ID', { value: value['Id'], enumerable: false });
}

/** json.MarshalIndent with four blanks: `[]` and `{}` stay closed. */
function indentJson(value: unknown): string {
  return JSON.stringify(value, undefined, 4);
}
