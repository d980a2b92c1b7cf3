/** jq-web has no types of its own. */
declare module 'jq-web' {
  interface Jq {
    /** Runs jq on the text of a JSON document; throws when it exits with another status than 0. */
    raw(json: string, filter: string, flags: string[]): string;
  }
  const jq: Promise<Jq>;
  export default jq;
}
