/** Parts of outputs whose order the real programs leave to maps and hash tables: put into one order on both sides. */

/** Objects in a list of JSON that come out of Go's maps: sorted by the address in them. */
const MAP_ORDER = {
  name: 'order of peers',
  reason: 'Go’s maps have no order',
  commands: /\bdocker network inspect\b/,
  apply: (text: string): string =>
    text.replace(
      /("(?:Peers|Tasks)": \[\n)((?: +\{\n(?: +[^\n]*\n)+? +\},?\n)+)( +\])/g,
      (_, head: string, body: string, tail: string) => {
        const indent = /^ +/.exec(body)?.[0] ?? '';
        const objects = body
          .split(new RegExp(`(?<=^${indent}\\},?\\n)`, 'm'))
          .map((object) => object.replace(/,\n$/, '\n'));
        const address = (object: string): string => /"(?:IP|EndpointIP)": "([^"]*)"/.exec(object)?.[1] ?? '';
        objects.sort((a, b) => (address(a) < address(b) ? -1 : 1));
        return (
          head +
          objects.map((object, i) => (i < objects.length - 1 ? object.replace(/\n$/, ',\n') : object)).join('') +
          tail
        );
      },
    ),
};

/** Entries of a map of Go that is sorted by its keys, which are random: sorted by the address in them. */
const BY_KEY = {
  name: 'order of containers',
  reason: 'sorted by their ids, which are random',
  commands: /\bdocker network inspect\b/,
  apply: (text: string): string =>
    text
      .replace(
        /("Containers": \{\n)((?: +"[^"]+": \{\n(?: +[^\n]*\n)+? +\},?\n)+)( +\})/g,
        (_, head: string, body: string, tail: string) => {
          const indent = /^ +/.exec(body)?.[0] ?? '';
          return head + sortedBy(body.split(new RegExp(`(?<=^${indent}\\},?\\n)`, 'm')), ',\n', '\n').join('') + tail;
        },
      )
      .replace(/^\{("[0-9a-f]{64}":\{.*\})\}$/gm, (_, body: string) => {
        return `{${sortedBy(
          body.split(/(?<=\}),(?=")/).map((entry) => `${entry},`),
          ',',
          '',
        ).join('')}}`;
      }),
};

/** Entries that end in `mark`, or in `end` when they are the last, in the order of their addresses. */
function sortedBy(entries: readonly string[], mark: string, end: string): string[] {
  const bare = entries.map((entry) =>
    entry.endsWith(mark) ? entry.slice(0, -mark.length) : entry.slice(0, entry.length - end.length),
  );
  const address = (entry: string): string => /"IPv4Address": ?"([^"]*)"/.exec(entry)?.[1] ?? '';
  bare.sort((a, b) => (address(a) < address(b) ? -1 : 1));
  return bare.map((entry, i) => entry + (i < bare.length - 1 ? mark : end));
}

/** Events of one command that deletes many: in the order of a hash table. */
const DELETIONS = {
  name: 'order of lines',
  commands: /\bconntrack -E\b/,
  apply: (text: string): string =>
    text.replace(/(?:^.*\[DESTROY\].*\[USERSPACE\].*\n)+/gm, (run) =>
      run
        .split(/(?<=\n)/)
        .sort((a, b) => (withoutPorts(a) < withoutPorts(b) ? -1 : 1))
        .join(''),
    ),
};

function withoutPorts(line: string): string {
  return line.replace(/(?<=\b(?:sport|dport|id)=)\d+/g, '');
}

/** A list of names that comes out of Go's maps. */
const RUNTIMES = {
  name: 'order of runtimes',
  commands: /\bdocker info\b/,
  apply: (text: string): string =>
    text.replace(/(?<=^ ?Runtimes: ).+$/gm, (names) => names.split(' ').sort().join(' ')),
};

export const REORDERED = [MAP_ORDER, BY_KEY, RUNTIMES, DELETIONS] as const;
