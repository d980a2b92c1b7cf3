/** What the figures of the VXLAN lessons show; `PlumbingFigure.astro` draws them. */
import type { Figure } from './plumbing-figures.ts';

/** A frame of red on its way to blue, and below it the same frame as it is on the wire: four headers before it. */
const envelope: Figure = {
  height: 330,
  sheets: [
    { name: 'node1', x: 10, y: 8, width: 200, height: 196 },
    { name: 'node2', x: 270, y: 8, width: 200, height: 196 },
  ],
  cards: [
    { kind: 'made', name: 'red', x: 26, y: 42, width: 108, height: 60 },
    { kind: 'made', name: 'blue', x: 346, y: 42, width: 108, height: 60 },
    { kind: 'made', name: 'red → blue', x: 300, y: 262, width: 170, height: 36 },
  ],
  bridges: ['M36 138 H186', 'M294 138 H444'],
  wires: ['M20 234 H460'],
  ways: ['M80 90 V138 H160 V234 H320 V138 H400 V90'],
  pills: [
    { name: 'v-red', x: 80, y: 102 },
    { name: 'vxlan42', x: 160, y: 138 },
    { name: 'eth0', x: 160, y: 204 },
    { name: 'eth0', x: 320, y: 204 },
    { name: 'vxlan42', x: 320, y: 138 },
    { name: 'v-blue', x: 400, y: 102 },
  ],
  slots: [
    { name: 'Ethernet 14', x: 10, y: 262, width: 92, height: 36 },
    { name: 'IP 20', x: 102, y: 262, width: 62, height: 36 },
    { name: 'UDP 8', x: 164, y: 262, width: 62, height: 36 },
    { name: 'VXLAN 8', x: 226, y: 262, width: 74, height: 36 },
  ],
  labels: [
    { text: 'br9', x: 36, y: 160 },
    { text: 'br9', x: 420, y: 160 },
    { text: '50', x: 148, y: 318, as: 'verb' },
    { text: '98', x: 376, y: 318, as: 'verb' },
  ],
  packet: { x: 240, y: 234 },
};

/** The two questions of a frame that goes out by a vxlan device, and the table that answers each. */
const tables: Figure = {
  height: 316,
  sheets: [
    { name: 'node1', x: 10, y: 8, width: 460, height: 192 },
    { name: 'node2', x: 190, y: 252, width: 130, height: 56 },
    { name: 'node3', x: 340, y: 252, width: 130, height: 56 },
  ],
  cards: [
    { kind: 'made', name: 'red', x: 24, y: 46, width: 118, height: 66 },
    { kind: 'overlay', name: 'vxlan42', x: 176, y: 42, width: 280, height: 142 },
  ],
  wires: ['M20 226 H460'],
  arrows: ['M142 80 H172', 'M255 184 V248'],
  labels: [
    { text: '10.9.0.3 ?', x: 40, y: 96 },
    { text: 'ip neigh', x: 192, y: 92, as: 'verb' },
    { text: '10.9.0.3 → …:09:00:03', x: 192, y: 112 },
    { text: 'bridge fdb', x: 192, y: 146, as: 'verb' },
    { text: '…:09:00:03 → 192.168.56.12', x: 192, y: 166 },
    { text: 'blue', x: 204, y: 296, as: 'quiet' },
    { text: 'green', x: 354, y: 296, as: 'quiet' },
  ],
  packet: { x: 255, y: 226 },
};

/** Two packets beside the 1400 bytes that the path carries, 0.28 pixels a byte. */
const limit: Figure = {
  height: 196,
  sheets: [],
  cards: [],
  wires: ['M422 30 V184'],
  slots: [
    { name: '', x: 30, y: 44, width: 14, height: 36 },
    { name: 'MTU 1450', x: 44, y: 44, width: 378, height: 36 },
    { name: '100', x: 422, y: 44, width: 28, height: 36 },
    { name: '', x: 30, y: 124, width: 14, height: 36 },
    { name: 'MTU 1350', x: 44, y: 124, width: 378, height: 36 },
  ],
  labels: [
    { text: '1400', x: 404, y: 20, as: 'quiet' },
    { text: '50 + 1450 = 1500', x: 30, y: 100, as: 'verb' },
    { text: '50 + 1350 = 1400', x: 30, y: 180, as: 'verb' },
  ],
};

export const VXLAN_FIGURES = { envelope, tables, limit } as const;
