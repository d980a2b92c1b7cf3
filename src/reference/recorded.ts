/** How many recorded steps of a command the emulator repeats, from the table of `npm run corpus`. */
interface Count {
  readonly total: number;
  readonly equal: number;
}

const found = import.meta.glob<{ recordings: { byTool: Record<string, Count> }[] }>('/content/fidelity.json', {
  import: 'default',
  eager: true,
});

/** Over all recordings; undefined when none holds the command. */
export function recordedSteps(command: string): Count | undefined {
  const counts = (found['/content/fidelity.json']?.recordings ?? []).flatMap(({ byTool }) => byTool[command] ?? []);
  if (counts.length === 0) return undefined;
  return counts.reduce((a, b) => ({ total: a.total + b.total, equal: a.equal + b.equal }));
}
