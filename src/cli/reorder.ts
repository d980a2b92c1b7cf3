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

export const REORDERED = [MAP_ORDER, DELETIONS] as const;
