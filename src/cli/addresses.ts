/**
 * Which task of a recording had which address, read from its inspections of networks: so tells rule "address order" which of the
 * tasks that were new at once had the first one, where that can be read.
 */
import type { Step } from './recording.ts';

/** A task with an address on a network. */
interface Shown {
  readonly step: number;
  /** `web.1` */
  readonly task: string;
  readonly id: string;
  /** With its prefix: of which network. */
  readonly prefix: string;
  readonly address: number;
}

const END_POINT =
  /"Name": ?"([a-zA-Z0-9][\w-]*\.\d+)\.([0-9a-z]{25})",\s*"EndpointID": ?"[^"]*",\s*(?:"MacAddress": ?"[^"]*",\s*"IPv4Address": ?"([\d.]+)\/|"EndpointIP": ?"([\d.]+)")/g;

const numberOf = (address: string): number =>
  address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);

export class TaskAddresses {
  private readonly shown: readonly Shown[];

  constructor(steps: readonly Step[]) {
    const seen = new Set<string>();
    this.shown = steps.flatMap(({ stdout }, step) =>
      [...stdout.matchAll(END_POINT)].flatMap(([, task = '', id = '', one, other]) => {
        const address = one ?? other ?? '';
        const prefix = address.split('.').slice(0, 2).join('.');
        if (seen.has(`${id} ${prefix}`)) return [];
        seen.add(`${id} ${prefix}`);
        return [{ step, task, id, prefix, address: numberOf(address) }];
      }),
    );
  }

  /**
   * Which of `tasks`, that are new at once, had the first address, so that as many as possible of those that are shown between the
   * steps `from` and `to(task)` follow each other in their order, and around; undefined when fewer than two are shown.
   */
  first(tasks: readonly string[], from: number, to: (task: string) => number): number | undefined {
    const known = tasks.map((task) =>
      this.shown.find((each) => each.task === task && each.step >= from && each.step < to(task)),
    );
    if (known.filter((each) => each !== undefined).length < 2) return undefined;
    const score = (first: number): number => {
      const order = [...known.slice(first), ...known.slice(0, first)];
      return order.reduce(
        (sum, one, i) =>
          sum +
          order
            .slice(i + 1)
            .filter((other) => one?.prefix === other?.prefix && (one?.address ?? 0) < (other?.address ?? 0)).length,
        0,
      );
    };
    const scores = tasks.map((_, first) => score(first));
    return scores.indexOf(Math.max(...scores));
  }
}
