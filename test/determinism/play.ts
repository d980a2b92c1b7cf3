// One session, boiled down to what must be equal wherever it is played: used in Node and, bundled, in a browser.
import { createWorld, SECOND } from '../../simulator/index.ts';

const KEYS = ['curl 127.0.0.1:8000\r', 'docker service ls\r', 'docker service scale whoami=4\r', 'ip a\r', 'nsenter --net=/var/run/docker/netns/ingress_sbox\r', 'iptables -nvL -t mangle; ipvsadm -ln\r', 'exit\r', 'ping -c 3 192.168.56.13\r'];

export interface Played {
  readonly screen: string;
  readonly events: number;
  /** FNV-1a over the trace. */
  readonly trace: number;
}

/** Types the session on node1 and the client, and gives the screens and a digest of the trace. */
export function play(scenario: string, seed?: number): Played {
  const world = createWorld(scenario, seed === undefined ? {} : { seed });
  let screen = '';
  const ports = ['node1', 'client'].map((host) => {
    const port = world.openTerminal(host);
    port.onOutput = (text) => (screen += text);
    return port;
  });
  for (const keys of KEYS) {
    ports[0]!.input(keys);
    world.run(world.now + 5 * SECOND);
  }
  ports[1]!.input('curl http://192.168.56.12:8000/\r');
  world.run(world.now + 5 * SECOND);
  let trace = 0x811c9dc5;
  for (const event of world.trace.events) {
    const text = JSON.stringify(event);
    for (let i = 0; i < text.length; i++) trace = Math.imul(trace ^ text.charCodeAt(i), 0x01000193);
  }
  return { screen, events: world.trace.events.length, trace: trace >>> 0 };
}
