/** How the prose asks the dock for one of its views. Either side may be absent. */

/** A view of the story, and of the tables a place (`node1`, `node1/ingress_sbox`) and which of them. */
export interface LookRequest {
  readonly look: 'steps' | 'map' | 'tables';
  readonly at?: string | undefined;
  readonly table?: string | undefined;
}

const EVENT = 'meshwalk:look';

/** Asks for a view; answers whether somebody listened. */
export function askToLook(request: LookRequest): boolean {
  return !document.dispatchEvent(new CustomEvent(EVENT, { detail: request, cancelable: true }));
}

/** Calls `look` for each request. */
export function onLookRequest(look: (request: LookRequest) => void): void {
  document.addEventListener(EVENT, (event) => {
    event.preventDefault();
    look((event as CustomEvent<LookRequest>).detail);
  });
}
