/** The parse tree of a template (src/text/template/parse/node.go), and how Go writes its nodes in error messages. */

export interface Pipe {
  readonly kind: 'pipe';
  readonly position: number;
  readonly line: number;
  /** Names with their `$`. */
  readonly declared: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly kind: 'command';
  readonly position: number;
  readonly operands: readonly Operand[];
}

export type Operand =
  | { readonly kind: 'identifier'; readonly position: number; readonly name: string }
  | { readonly kind: 'dot'; readonly position: number }
  | { readonly kind: 'nil'; readonly position: number }
  | { readonly kind: 'field'; readonly position: number; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly position: number; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'chain'; readonly position: number; readonly of: Operand; readonly path: readonly string[] }
  | { readonly kind: 'bool'; readonly position: number; readonly value: boolean }
  | {
      readonly kind: 'number';
      readonly position: number;
      readonly text: string;
      readonly value: number;
      readonly float: boolean;
    }
  | { readonly kind: 'string'; readonly position: number; readonly quoted: string; readonly value: string }
  | Pipe;

export type Node =
  | { readonly kind: 'text'; readonly position: number; readonly text: string }
  | { readonly kind: 'action'; readonly position: number; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly position: number;
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[] | undefined;
    }
  | { readonly kind: 'template'; readonly position: number; readonly name: string; readonly pipe: Pipe | undefined }
  | { readonly kind: 'break' | 'continue'; readonly position: number };

/** A parsed template: its own body (under its name) and those of `define` and `block`. */
export type TemplateSet = Map<string, readonly Node[]>;

/** As Go's Node.String. */
export function nodeText(node: Operand | Command | Pipe): string {
  switch (node.kind) {
    case 'pipe': {
      const declared = node.declared.length === 0 ? '' : `${node.declared.join(', ')} ${node.assigns ? '=' : ':='} `;
      return declared + node.commands.map(nodeText).join(' | ');
    }
    case 'command':
      return node.operands
        .map((operand) => (operand.kind === 'pipe' ? `(${nodeText(operand)})` : nodeText(operand)))
        .join(' ');
    case 'identifier':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'field':
      return node.path.map((name) => `.${name}`).join('');
    case 'variable':
      return [node.name, ...node.path].join('.');
    case 'chain':
      return (
        (node.of.kind === 'pipe' ? `(${nodeText(node.of)})` : nodeText(node.of)) +
        node.path.map((name) => `.${name}`).join('')
      );
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
  }
}
