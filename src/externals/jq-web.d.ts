/** jq-web ships no types. */
declare module 'jq-web' {
  const jq: Promise<{ raw(json: string, filter: string, flags: string[]): string }>;
  export default jq;
}
