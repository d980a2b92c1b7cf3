/** How a block of the lesson asks the dock to type a command. Either side may be absent. */

/** A command, and the host on which it is to be typed. */
export interface RunRequest {
  readonly host: string;
  readonly command: string;
}

const EVENT = 'meshwalk:run';

/** Asks whoever listens to type a command. */
export function askToRun(request: RunRequest): void {
  document.dispatchEvent(new CustomEvent(EVENT, { detail: request }));
}

/** Calls `run` for each request, until `signal` ends it. */
export function onRunRequest(run: (request: RunRequest) => void, signal: AbortSignal): void {
  document.addEventListener(EVENT, (event) => run((event as CustomEvent<RunRequest>).detail), { signal });
}
