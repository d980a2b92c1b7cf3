/** What changed in a namespace's tables between two looks. Pure data. */
import type { NamespaceTables, TableGroup, TableKind, TableRow } from '../../../simulator/index.ts';

export interface DiffRow extends TableRow {
  readonly change: 'same' | 'new' | 'changed' | 'gone';
  /** For each cell, what it was when that is something else. */
  readonly was: readonly (string | undefined)[];
}

export interface DiffGroup extends Omit<TableGroup, 'rows'> {
  readonly rows: readonly DiffRow[];
}

/** Cells that change by themselves, all the time: they alone make no row a changed one. */
const RESTLESS: Readonly<Partial<Record<TableKind, readonly number[]>>> = { conntrack: [1], iptables: [0] };

/** The groups of one kind as they are now, with the rows that went since. Without an earlier look nothing has changed. */
export function diffTables(kind: TableKind, before: NamespaceTables | undefined, now: NamespaceTables): DiffGroup[] {
  const old = before?.[kind];
  const groups = now[kind].map((group) => {
    const earlier = old === undefined ? group : old.find(({ name }) => name === group.name);
    return diffGroup(kind, earlier, group);
  });
  const names = new Set(now[kind].map(({ name }) => name));
  const gone = (old ?? []).filter(({ name }) => !names.has(name));
  return [...groups, ...gone.map((group) => ({ ...group, rows: group.rows.map(removed) }))];
}

function diffGroup(kind: TableKind, before: TableGroup | undefined, now: TableGroup): DiffGroup {
  const earlier = new Map(before?.rows.map((row) => [row.key, row]));
  const rows: DiffRow[] = now.rows.map((row) => {
    const old = earlier.get(row.key);
    earlier.delete(row.key);
    if (old === undefined) return { ...row, change: 'new', was: [] };
    const was = row.cells.map((cell, at) =>
      cell === old.cells[at] || RESTLESS[kind]?.includes(at) ? undefined : old.cells[at],
    );
    return { ...row, change: was.some((cell) => cell !== undefined) ? 'changed' : 'same', was };
  });
  return { ...now, rows: [...rows, ...[...earlier.values()].map(removed)] };
}

function removed(row: TableRow): DiffRow {
  return { ...row, change: 'gone', was: [] };
}

/** How many rows of each sort there are. */
export function countChanges(groups: readonly DiffGroup[]): { added: number; changed: number; removed: number } {
  const all = groups.flatMap(({ rows }) => rows);
  const count = (change: DiffRow['change']): number => all.filter((row) => row.change === change).length;
  return { added: count('new'), changed: count('changed'), removed: count('gone') };
}
