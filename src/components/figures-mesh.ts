/** What the figures of the lessons on services and the mesh show; `PlumbingFigure.astro` draws them. */
import type { Figure } from './plumbing-figures.ts';

/** A call to a VIP: out of the caller, through the sandbox of its own node, and on to a task elsewhere. */
const vip: Figure = {
  height: 346,
  sheets: [
    { name: 'node3', x: 10, y: 8, width: 296, height: 294 },
    { name: 'node2', x: 322, y: 8, width: 148, height: 294 },
  ],
  cards: [
    { kind: 'task', name: 'box', x: 24, y: 42, width: 108, height: 110 },
    { kind: 'ingress', name: 'lb_…', x: 148, y: 42, width: 146, height: 110 },
    { kind: 'overlay', name: '1-…', x: 24, y: 192, width: 270, height: 78 },
    { kind: 'task', name: 'web.1', x: 336, y: 42, width: 120, height: 110 },
    { kind: 'overlay', name: '1-…', x: 336, y: 192, width: 120, height: 78 },
  ],
  bridges: ['M44 236 H276', 'M352 236 H440'],
  wires: ['M20 326 H460'],
  ways: ['M78 110 V236 H210 V116 H234 V236 H264 V326 H396 V110'],
  pills: [
    { name: 'eth0', x: 78, y: 152 },
    { name: 'eth0', x: 222, y: 152 },
    { name: 'vxlan0', x: 264, y: 270 },
    { name: 'vxlan0', x: 396, y: 270 },
    { name: 'eth0', x: 396, y: 152 },
  ],
  labels: [
    { text: '10.0.9.10', x: 38, y: 100, as: 'quiet' },
    { text: 'MARK', x: 164, y: 94, as: 'verb' },
    { text: 'IPVS', x: 164, y: 114, as: 'verb' },
    { text: 'SNAT', x: 164, y: 134, as: 'verb' },
    { text: '0x102', x: 243, y: 94 },
    { text: '→ .3', x: 243, y: 114 },
    { text: '.11 →', x: 243, y: 134 },
    { text: '10.0.9.3', x: 366, y: 100, as: 'quiet' },
  ],
  packet: { x: 396, y: 110 },
};

/** A request to a node without a task, and the answer that goes astray when the node did not put its own name on it. */
const astray: Figure = {
  height: 330,
  sheets: [
    { name: 'client', x: 10, y: 8, width: 92, height: 250 },
    { name: 'node3', x: 118, y: 8, width: 172, height: 250 },
    { name: 'node2', x: 306, y: 8, width: 164, height: 250 },
  ],
  cards: [
    { kind: 'ingress', name: 'ingress_sbox', x: 132, y: 42, width: 144, height: 116 },
    { kind: 'task', name: 'web.1', x: 320, y: 42, width: 136, height: 116 },
  ],
  wires: ['M20 300 H460'],
  ways: ['M40 110 V300 H158 V112 H252 V300 H350 V112'],
  arrows: ['M442 112 V316 H62 V122'],
  pills: [
    { name: 'eth0', x: 48, y: 258 },
    { name: 'eth1', x: 158, y: 158 },
    { name: 'eth0', x: 252, y: 158 },
    { name: 'eth0', x: 158, y: 258 },
    { name: 'vxlan0', x: 252, y: 216 },
    { name: 'vxlan0', x: 350, y: 216 },
    { name: 'eth0', x: 350, y: 158 },
    { name: 'eth1', x: 442, y: 158 },
    { name: 'eth0', x: 442, y: 258 },
  ],
  labels: [
    { text: 'curl', x: 26, y: 98 },
    { text: 'IPVS', x: 176, y: 104, as: 'verb' },
    { text: 'SNAT', x: 176, y: 136, as: 'old' },
    { text: '.56.1 →', x: 362, y: 108 },
    { text: '→ .56.1', x: 362, y: 136 },
  ],
  packet: { x: 350, y: 112 },
};

/** Three ways to a task, and whose address stays on the packet. */
const sources: Figure = {
  height: 246,
  sheets: [],
  cards: [
    { kind: 'ingress', name: 'mesh', x: 116, y: 10, width: 220, height: 66 },
    { kind: 'host', name: 'host', x: 116, y: 90, width: 220, height: 66 },
    { kind: 'overlay', name: 'dsr', x: 116, y: 170, width: 220, height: 66 },
    { kind: 'task', name: 'web', x: 378, y: 10, width: 92, height: 66 },
    { kind: 'task', name: 'web', x: 378, y: 90, width: 92, height: 66 },
    { kind: 'task', name: 'd', x: 378, y: 170, width: 92, height: 66 },
  ],
  arrows: [
    'M84 54 H134',
    'M194 54 H210',
    'M256 54 H272',
    'M328 54 H376',
    'M84 134 H134',
    'M194 134 H376',
    'M84 214 H134',
    'M194 214 H376',
  ],
  slots: [
    { name: 'client', x: 10, y: 40, width: 74, height: 28 },
    { name: 'client', x: 10, y: 120, width: 74, height: 28 },
    { name: 'box', x: 10, y: 200, width: 74, height: 28 },
    { name: 'DNAT', x: 138, y: 42, width: 56, height: 24 },
    { name: 'IPVS', x: 212, y: 42, width: 44, height: 24 },
    { name: 'SNAT', x: 274, y: 42, width: 54, height: 24 },
    { name: 'DNAT', x: 138, y: 122, width: 56, height: 24 },
    { name: 'IPVS', x: 138, y: 202, width: 56, height: 24 },
  ],
  labels: [
    { text: '10.0.0.4', x: 388, y: 58, as: 'verb' },
    { text: '.56.1', x: 388, y: 138, as: 'verb' },
    { text: '10.0.1.2', x: 388, y: 218, as: 'verb' },
  ],
};

export const MESH_FIGURES: Readonly<Record<'vip' | 'astray' | 'sources', Figure>> = { vip, astray, sources };
