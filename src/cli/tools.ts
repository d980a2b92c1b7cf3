/** Which program a recorded command line is about. */

/** The tool whose output a step shows: behind `nsenter`, `ip netns exec`, `timeout` and assignments. */
export function toolOf(cmd: string): string {
  let words = cmd.trim().split(/\s+/);
  for (;;) {
    const [first = ''] = words;
    if (/^\w+=/.test(first)) words = words.slice(1);
    else if (first === 'nsenter') {
      const rest = words.slice(1);
      while (rest[0]?.startsWith('-') === true) {
        const option = rest.shift() as string;
        if (option === '-t' || option === '--target') rest.shift();
      }
      if (rest.length === 0) return 'nsenter';
      words = rest;
    } else if (first === 'ip' && words[1] === 'netns' && words[2] === 'exec' && words.length > 4)
      words = words.slice(4);
    else if (first === 'timeout' && words.length > 2) words = words.slice(2);
    else break;
  }
  const [tool = ''] = words;
  return /^[\w.+/-]+$/.test(tool) && !['for', 'while', 'if', 'until', 'case'].includes(tool)
    ? (tool.split('/').at(-1) ?? tool)
    : 'sh';
}
