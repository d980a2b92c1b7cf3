/**
 * Who asked for a change of kernel state: kept on every rule, route, entry and device that can be asked "why are you here?".
 */
export interface Origin {
  readonly by: 'kernel' | 'scenario' | 'command' | 'docker';
  /** What a person would read: the command line, the Docker object (`service whoami`, `network ingress`), the scenario's line. */
  readonly text: string;
  /** The terminal a command was typed into, e.g. `node1`. */
  readonly terminal?: string;
  /** What in turn caused this, e.g. the `docker service create …` behind a service. */
  readonly cause?: Origin;
}

/** Of things the kernel makes by itself. */
export const KERNEL_DEFAULT: Origin = { by: 'kernel', text: 'kernel default' };
