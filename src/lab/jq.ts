/** jq-web, whose module is a promise; a dynamic import of it would be taken for one and never arrive. */
import loading from 'jq-web';

/** Runs jq on the text of JSON documents; throws when it exits with another status than 0. */
export async function runJq(input: string, filter: string, flags: readonly string[]): Promise<string> {
  const { raw } = await loading;
  const text = raw(input, filter, [...flags]) as string | undefined;
  const joined = flags.some((flag) => flag === '--join-output' || /^-[a-z]*j/.test(flag));
  return text === undefined ? '' : joined ? text : `${text}\n`; // the library keeps back the last line's end
}
