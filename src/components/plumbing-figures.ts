/** What the figures of the plumbing lessons show, in the grammar of the map; `PlumbingFigure.astro` draws it. */

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Card extends Box {
  /** Whose namespace: its hue. */
  readonly kind: 'host' | 'made' | 'overlay' | 'ingress' | 'task';
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** `old` is struck out: the value before a translation. */
  readonly as?: 'verb' | 'old' | 'quiet';
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Figure {
  /** All figures are 480 wide. */
  readonly height: number;
  readonly sheets: readonly Box[];
  readonly cards: readonly Card[];
  /** Bridges and wires at rest, as SVG paths. */
  readonly bridges?: readonly string[];
  readonly wires?: readonly string[];
  /** Where packets go; `arrows` end in a head. */
  readonly ways?: readonly string[];
  readonly arrows?: readonly string[];
  /** What comes back, dashed. */
  readonly replies?: readonly string[];
  /** Devices: a name and the middle. */
  readonly pills?: readonly (Point & { readonly name: string })[];
  /** Places where rules are asked. */
  readonly slots?: readonly Box[];
  readonly labels?: readonly Label[];
  /** A mark beside a packet: the foot of its flag. */
  readonly flag?: Point & { readonly text: string };
  readonly packet?: Point;
}

const wire: Figure = {
  height: 190,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 174 }],
  cards: [
    { kind: 'host', name: 'host', x: 30, y: 46, width: 150, height: 116 },
    { kind: 'made', name: 'red', x: 300, y: 46, width: 150, height: 116 },
  ],
  wires: ['M180 120 H300'],
  pills: [
    { name: 'v-red-br', x: 180, y: 120 },
    { name: 'v-red', x: 300, y: 120 },
  ],
  labels: [
    { text: '10.1.1.1', x: 46, y: 125 },
    { text: '10.1.1.2', x: 342, y: 125 },
  ],
};

const bridge: Figure = {
  height: 260,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 244 }],
  cards: [
    { kind: 'host', name: 'host', x: 30, y: 42, width: 420, height: 78 },
    { kind: 'made', name: 'red', x: 40, y: 168, width: 120, height: 70 },
    { kind: 'made', name: 'blue', x: 180, y: 168, width: 120, height: 70 },
    { kind: 'made', name: 'third', x: 320, y: 168, width: 120, height: 70 },
  ],
  bridges: ['M62 90 H398'],
  wires: ['M100 90 V168', 'M240 90 V168', 'M380 90 V168'],
  pills: [
    { name: 'v-red-br', x: 100, y: 120 },
    { name: 'v-blue-br', x: 240, y: 120 },
    { name: 'v-third-br', x: 380, y: 120 },
    { name: 'v-red', x: 100, y: 168 },
    { name: 'v-blue', x: 240, y: 168 },
    { name: 'v-third', x: 380, y: 168 },
  ],
  labels: [
    { text: 'br0', x: 406, y: 95 },
    { text: '10.1.1.2', x: 56, y: 220 },
    { text: '10.1.1.3', x: 196, y: 220 },
    { text: '10.1.1.4', x: 336, y: 220 },
  ],
};

const router: Figure = {
  height: 272,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 256 }],
  cards: [
    { kind: 'host', name: 'host', x: 30, y: 42, width: 420, height: 92 },
    { kind: 'made', name: 'red', x: 55, y: 182, width: 140, height: 70 },
    { kind: 'made', name: 'green', x: 285, y: 182, width: 140, height: 70 },
  ],
  bridges: ['M60 104 H190', 'M290 104 H420'],
  ways: ['M125 214 V104 H355 V214'],
  pills: [
    { name: 'v-red-br', x: 125, y: 134 },
    { name: 'v-green-br', x: 355, y: 134 },
    { name: 'v-red', x: 125, y: 182 },
    { name: 'v-green', x: 355, y: 182 },
  ],
  labels: [
    { text: 'br0 10.1.1.1', x: 60, y: 92 },
    { text: 'br1 10.1.2.1', x: 290, y: 92 },
    { text: 'TTL 64', x: 134, y: 163, as: 'quiet' },
    { text: 'TTL 63', x: 364, y: 163, as: 'quiet' },
    { text: '10.1.1.2', x: 71, y: 236 },
    { text: '10.1.2.2', x: 301, y: 236 },
  ],
  packet: { x: 355, y: 214 },
};

const hooks: Figure = {
  height: 244,
  sheets: [],
  cards: [{ kind: 'host', name: 'host', x: 24, y: 8, width: 432, height: 228 }],
  arrows: ['M24 190 H50', 'M148 190 H200', 'M174 190 V82', 'M280 190 H326', 'M304 82 V190 H326', 'M434 190 H452'],
  pills: [
    { name: 'br0', x: 24, y: 190 },
    { name: 'br1', x: 456, y: 190 },
  ],
  slots: [
    { name: 'curl, ping, …', x: 134, y: 44, width: 210, height: 38 },
    { name: 'PREROUTING', x: 54, y: 174, width: 94, height: 32 },
    { name: 'INPUT', x: 134, y: 118, width: 80, height: 32 },
    { name: 'FORWARD', x: 204, y: 174, width: 76, height: 32 },
    { name: 'OUTPUT', x: 264, y: 118, width: 80, height: 32 },
    { name: 'POSTROUTING', x: 330, y: 174, width: 104, height: 32 },
  ],
};

const nat: Figure = {
  height: 240,
  sheets: [
    { name: 'client', x: 10, y: 46, width: 110, height: 124 },
    { name: 'node1', x: 140, y: 8, width: 330, height: 186 },
  ],
  cards: [
    { kind: 'host', name: 'host', x: 156, y: 46, width: 160, height: 126 },
    { kind: 'made', name: 'red', x: 372, y: 46, width: 84, height: 126 },
  ],
  wires: ['M20 218 H460'],
  ways: ['M65 116 V218 H286 V108 H428'],
  pills: [
    { name: 'eth0', x: 65, y: 170 },
    { name: 'eth0', x: 286, y: 172 },
    { name: 'br0', x: 316, y: 108 },
    { name: 'v-red', x: 372, y: 108 },
  ],
  labels: [
    { text: 'curl', x: 48, y: 106 },
    { text: 'DNAT', x: 172, y: 98, as: 'verb' },
    { text: '.56.11:8080', x: 172, y: 120, as: 'old' },
    { text: '10.1.1.2:80', x: 172, y: 140 },
    { text: ':80', x: 416, y: 136 },
  ],
  packet: { x: 428, y: 108 },
};

const marks: Figure = {
  height: 250,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 234 }],
  cards: [
    { kind: 'made', name: 'red', x: 24, y: 96, width: 74, height: 84 },
    { kind: 'host', name: 'host', x: 160, y: 42, width: 160, height: 188 },
    { kind: 'made', name: 'blue', x: 378, y: 42, width: 80, height: 76 },
    { kind: 'made', name: 'green', x: 378, y: 154, width: 80, height: 76 },
  ],
  wires: ['M98 146 H214 V204 H430'],
  ways: ['M60 146 H214 V92 H430'],
  pills: [
    { name: 'v-red', x: 98, y: 146 },
    { name: 'br0', x: 160, y: 146 },
    { name: 'br2', x: 320, y: 92 },
    { name: 'br1', x: 320, y: 204 },
    { name: 'v-blue', x: 378, y: 92 },
    { name: 'v-green', x: 378, y: 204 },
  ],
  labels: [
    { text: ':9000', x: 224, y: 112, as: 'verb' },
    { text: 'table 100', x: 224, y: 132, as: 'quiet' },
    { text: ':9001', x: 224, y: 176, as: 'verb' },
    { text: 'main', x: 224, y: 194, as: 'quiet' },
  ],
  flag: { text: '0x100', x: 226, y: 92 },
  packet: { x: 430, y: 92 },
};

export const FIGURES: Readonly<Record<'wire' | 'bridge' | 'router' | 'hooks' | 'nat' | 'marks', Figure>> = {
  wire,
  bridge,
  router,
  hooks,
  nat,
  marks,
};
