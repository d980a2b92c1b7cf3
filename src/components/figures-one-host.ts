/** What the figures of the orientation and of the lessons on Docker on one host show; `PlumbingFigure.astro` draws them. */
import type { Figure } from './plumbing-figures.ts';

/** Six frames in the order of time. */
const firstPing: Figure = {
  height: 288,
  sheets: [
    { name: 'node1', x: 10, y: 8, width: 96, height: 272 },
    { name: 'node2', x: 374, y: 8, width: 96, height: 272 },
  ],
  cards: [],
  wires: ['M58 52 V270', 'M422 52 V270'],
  arrows: ['M58 68 H418', 'M58 148 H418', 'M58 222 H418'],
  replies: ['M422 98 H62', 'M422 178 H62', 'M422 252 H62'],
  labels: [
    { text: 'ARP', x: 116, y: 62, as: 'verb' },
    { text: 'who-has 192.168.56.12', x: 148, y: 62 },
    { text: 'ARP', x: 116, y: 92, as: 'verb' },
    { text: 'is-at 08:00:27:38:00:12', x: 148, y: 92 },
    { text: 'ICMP', x: 116, y: 142, as: 'verb' },
    { text: 'echo request 1', x: 158, y: 142 },
    { text: 'ICMP', x: 116, y: 172, as: 'verb' },
    { text: 'echo reply 1', x: 158, y: 172 },
    { text: 'ICMP', x: 116, y: 216, as: 'verb' },
    { text: 'echo request 2', x: 158, y: 216 },
    { text: 'ICMP', x: 116, y: 246, as: 'verb' },
    { text: 'echo reply 2', x: 158, y: 246 },
  ],
};

/** The way to a published port, and INPUT, which is not on it. */
const published: Figure = {
  height: 336,
  sheets: [
    { name: 'client', x: 10, y: 214, width: 96, height: 76 },
    { name: 'node1', x: 130, y: 8, width: 340, height: 282 },
  ],
  cards: [
    { kind: 'host', name: 'host', x: 144, y: 40, width: 312, height: 166 },
    { kind: 'task', name: 'web', x: 346, y: 236, width: 110, height: 44 },
  ],
  wires: ['M20 318 H460', 'M200 142 V112', 'M228 98 H252'],
  ways: ['M58 268 V318 H200 V158 H420 V262'],
  slots: [
    { name: 'docker-proxy', x: 252, y: 84, width: 104, height: 28 },
    { name: 'INPUT', x: 162, y: 84, width: 66, height: 28 },
    { name: 'PREROUTING', x: 154, y: 142, width: 98, height: 32 },
    { name: 'DOCKER-USER', x: 272, y: 142, width: 104, height: 32 },
  ],
  pills: [
    { name: 'eth0', x: 58, y: 290 },
    { name: 'eth0', x: 200, y: 290 },
    { name: 'br-…', x: 420, y: 206 },
    { name: 'eth0', x: 420, y: 236 },
  ],
  labels: [
    { text: ':8080', x: 210, y: 246 },
    { text: 'DNAT', x: 154, y: 194, as: 'verb' },
    { text: ':80', x: 386, y: 150 },
    { text: 'FORWARD', x: 292, y: 194, as: 'quiet' },
  ],
  packet: { x: 420, y: 262 },
};

/** A query's way to a socket that a process outside has opened inside. */
const resolver: Figure = {
  height: 276,
  sheets: [{ name: 'node1', x: 10, y: 8, width: 460, height: 260 }],
  cards: [
    { kind: 'host', name: 'host', x: 24, y: 42, width: 432, height: 74 },
    { kind: 'task', name: 'web', x: 24, y: 144, width: 432, height: 112 },
  ],
  wires: ['M390 96 V196'],
  arrows: ['M126 212 H172', 'M254 212 H336'],
  slots: [
    { name: 'dockerd', x: 340, y: 64, width: 100, height: 32 },
    { name: 'nslookup', x: 40, y: 196, width: 86, height: 32 },
    { name: 'OUTPUT', x: 174, y: 196, width: 80, height: 32 },
    { name: '127.0.0.11', x: 340, y: 196, width: 100, height: 32 },
  ],
  labels: [
    { text: 'DNAT', x: 174, y: 188, as: 'verb' },
    { text: ':53', x: 134, y: 204, as: 'old' },
    { text: ':…', x: 266, y: 204 },
    { text: 'socket', x: 340, y: 188, as: 'quiet' },
  ],
};

export const ONE_HOST_FIGURES: Readonly<Record<'firstPing' | 'published' | 'resolver', Figure>> = {
  firstPing,
  published,
  resolver,
};
