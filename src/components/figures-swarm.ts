/** What the figures of the Swarm lessons show; `PlumbingFigure.astro` draws them. */
import type { Figure } from './plumbing-figures.ts';

/** Who speaks with whom on which port, and who holds the socket. */
const ports: Figure = {
  height: 232,
  sheets: [
    { name: 'node1', x: 120, y: 8, width: 104, height: 212 },
    { name: 'node2', x: 240, y: 8, width: 104, height: 212 },
    { name: 'node3', x: 360, y: 8, width: 104, height: 212 },
  ],
  cards: [],
  arrows: ['M261 74 H206', 'M381 92 H206'],
  wires: ['M172 138 H412', 'M172 188 H412'],
  pills: [
    { name: 'dockerd', x: 172, y: 83 },
    { name: 'dockerd', x: 292, y: 74 },
    { name: 'dockerd', x: 412, y: 92 },
    { name: 'dockerd', x: 172, y: 138 },
    { name: 'dockerd', x: 292, y: 138 },
    { name: 'dockerd', x: 412, y: 138 },
    { name: 'kernel', x: 172, y: 188 },
    { name: 'kernel', x: 292, y: 188 },
    { name: 'kernel', x: 412, y: 188 },
  ],
  labels: [
    { text: '2377', x: 10, y: 80, as: 'verb' },
    { text: 'tcp', x: 10, y: 96, as: 'quiet' },
    { text: '7946', x: 10, y: 136, as: 'verb' },
    { text: 'tcp, udp', x: 10, y: 152, as: 'quiet' },
    { text: '4789', x: 10, y: 186, as: 'verb' },
    { text: 'udp', x: 10, y: 202, as: 'quiet' },
  ],
};

/** A task with two devices, and where each of them leads. */
const anatomy: Figure = {
  height: 348,
  sheets: [{ name: 'node2', x: 10, y: 8, width: 460, height: 300 }],
  cards: [
    { kind: 'task', name: 'web.1', x: 26, y: 44, width: 130, height: 104 },
    { kind: 'overlay', name: '1-…', x: 216, y: 44, width: 238, height: 104 },
    { kind: 'host', name: 'host', x: 26, y: 182, width: 428, height: 108 },
  ],
  bridges: ['M244 104 H424', 'M46 240 H190'],
  wires: ['M20 332 H460'],
  ways: ['M120 104 H400 V262 H248 V332 H440', 'M120 104 V240 H232 V332 H40'],
  pills: [
    { name: 'eth0', x: 156, y: 104 },
    { name: 'eth1', x: 120, y: 148 },
    { name: 'veth1', x: 216, y: 104 },
    { name: 'vxlan0', x: 400, y: 148 },
    { name: 'eth0', x: 240, y: 308 },
  ],
  labels: [
    { text: 'br0', x: 246, y: 92 },
    { text: 'docker_gwbridge', x: 46, y: 266 },
    { text: '8.8.8.8', x: 40, y: 322, as: 'verb' },
    { text: 'VXLAN 4097', x: 270, y: 322, as: 'quiet' },
    { text: '10.0.9.4', x: 384, y: 322, as: 'verb' },
  ],
};

export const SWARM_FIGURES = { ports, anatomy } as const;
