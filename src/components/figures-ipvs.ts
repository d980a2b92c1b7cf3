/** What the figures of the IPVS lessons show; `PlumbingFigure.astro` draws them. */
import type { Figure } from './plumbing-figures.ts';

/** The machines of both lessons, and the way of a request that comes through lb. */
const balancer: Figure = {
  height: 306,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 290 }],
  cards: [
    { kind: 'made', name: 'far', x: 24, y: 46, width: 110, height: 100 },
    { kind: 'made', name: 'lb', x: 200, y: 46, width: 190, height: 110 },
    { kind: 'made', name: 'near', x: 24, y: 222, width: 120, height: 64 },
    { kind: 'made', name: 'red', x: 180, y: 222, width: 120, height: 64 },
    { kind: 'made', name: 'blue', x: 336, y: 222, width: 120, height: 64 },
  ],
  bridges: ['M40 190 H440'],
  wires: ['M84 190 V222', 'M240 190 V222'],
  ways: ['M56 116 H240 V190 H420 V252'],
  pills: [
    { name: 'eth0', x: 134, y: 116 },
    { name: 'v-far', x: 200, y: 116 },
    { name: 'v-lb', x: 240, y: 156 },
    { name: 'v-near', x: 84, y: 222 },
    { name: 'v-red', x: 240, y: 222 },
    { name: 'v-blue', x: 420, y: 222 },
  ],
  labels: [
    { text: '10.1.2.2', x: 40, y: 96 },
    { text: 'IPVS', x: 254, y: 92, as: 'verb' },
    { text: '10.1.1.100', x: 254, y: 114, as: 'old' },
    { text: '10.1.1.3', x: 254, y: 134 },
    { text: 'br0', x: 44, y: 180 },
    { text: '10.1.1.9', x: 40, y: 274 },
    { text: '10.1.1.2', x: 196, y: 274 },
    { text: '10.1.1.3', x: 352, y: 274 },
  ],
  packet: { x: 420, y: 252 },
};

/** The request of a client in the servers' own network, and the reply that comes by a shorter way. */
const wayBack: Figure = {
  height: 306,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 290 }],
  cards: [
    { kind: 'made', name: 'lb', x: 150, y: 42, width: 190, height: 106 },
    { kind: 'made', name: 'near', x: 24, y: 222, width: 140, height: 64 },
    { kind: 'made', name: 'blue', x: 316, y: 222, width: 140, height: 64 },
  ],
  bridges: ['M40 186 H440'],
  arrows: ['M104 252 V178 H228 V112 H252 V178 H404 V248'],
  replies: ['M432 252 V196 H132 V248'],
  pills: [
    { name: 'v-lb', x: 240, y: 148 },
    { name: 'v-near', x: 118, y: 222 },
    { name: 'v-blue', x: 418, y: 222 },
  ],
  labels: [
    { text: 'IPVS', x: 180, y: 98, as: 'verb' },
    { text: '.100', x: 180, y: 122, as: 'old' },
    { text: '.3', x: 266, y: 122 },
    { text: '.9 → .100', x: 116, y: 168, as: 'quiet' },
    { text: '.9 → .3', x: 276, y: 168, as: 'quiet' },
    { text: '.3 → .9', x: 210, y: 218, as: 'quiet' },
    { text: 'br0', x: 44, y: 176 },
    { text: '10.1.1.9', x: 40, y: 276 },
    { text: '10.1.1.3', x: 332, y: 276 },
  ],
};

/** One service for two ports: a mark, and servers of which one gets nothing new. */
const markService: Figure = {
  height: 236,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 220 }],
  cards: [
    { kind: 'made', name: 'far', x: 24, y: 84, width: 80, height: 84 },
    { kind: 'made', name: 'lb', x: 146, y: 42, width: 184, height: 174 },
    { kind: 'made', name: 'red', x: 378, y: 42, width: 80, height: 76 },
    { kind: 'made', name: 'blue', x: 378, y: 140, width: 80, height: 76 },
  ],
  wires: ['M288 136 H316 V190 H378'],
  ways: ['M64 136 H316 V92 H424'],
  slots: [{ name: 'FWM 256', x: 222, y: 122, width: 76, height: 28 }],
  pills: [
    { name: 'eth0', x: 104, y: 136 },
    { name: 'v-red', x: 378, y: 92 },
    { name: 'v-blue', x: 378, y: 190 },
  ],
  labels: [
    { text: ':80', x: 160, y: 158, as: 'verb' },
    { text: ':443', x: 160, y: 176, as: 'verb' },
    { text: '-w 1', x: 334, y: 78, as: 'verb' },
    { text: '-w 0', x: 334, y: 176, as: 'verb' },
  ],
  flag: { text: '0x100', x: 160, y: 136 },
  packet: { x: 424, y: 92 },
};

export const IPVS_FIGURES: Readonly<Record<'balancer' | 'wayBack' | 'markService', Figure>> = {
  balancer,
  wayBack,
  markService,
};
