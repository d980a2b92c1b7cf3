/**
 * What the embedded DNS server knows of one network: names to addresses and back. Mirrors libnetwork network.go (svcRecords)
 * and service_common.go. A name may stand for several addresses, each as often as somebody said so.
 */
export class NameTable {
  private readonly forward = new Map<string, Map<string, number>>();
  private readonly backward = new Map<number, Map<string, string>>();

  /** `source` is who said it (an end point, a service): the same source says a name once. */
  add(name: string, address: number, source: string, reverse: boolean): void {
    const key = name.toLowerCase();
    let sources = this.forward.get(key);
    if (sources === undefined) this.forward.set(key, (sources = new Map()));
    sources.set(source, address);
    if (!reverse) return;
    let names = this.backward.get(address);
    if (names === undefined) this.backward.set(address, (names = new Map()));
    names.set(source, name);
  }

  remove(name: string, address: number, source: string): void {
    const key = name.toLowerCase();
    const sources = this.forward.get(key);
    if (sources?.get(source) === address) sources.delete(source);
    if (sources?.size === 0) this.forward.delete(key);
    const names = this.backward.get(address);
    if (names?.get(source) === name) names.delete(source);
    if (names?.size === 0) this.backward.delete(address);
  }

  /** All addresses of a name, each once; undefined when the name is unknown. */
  lookup(name: string): number[] | undefined {
    const sources = this.forward.get(name.toLowerCase());
    return sources === undefined ? undefined : [...new Set(sources.values())];
  }

  reverse(address: number): string | undefined {
    const names = this.backward.get(address);
    return names === undefined ? undefined : [...names.values()][0];
  }
}
