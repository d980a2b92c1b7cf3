/** Names of TOS values and DSCP classes (libxtables: tos_values.c, dscp_helper.c), and octets in hexadecimal. */
import { parseUnsigned } from './names.ts';

const TOS_NAMES: readonly (readonly [string, number])[] = [
  ['Minimize-Delay', 0x10],
  ['Maximize-Throughput', 0x08],
  ['Maximize-Reliability', 0x04],
  ['Minimize-Cost', 0x02],
  ['Normal-Service', 0x00],
];

const DSCP_CLASSES: ReadonlyMap<string, number> = new Map([
  ['CS0', 0],
  ['CS1', 8],
  ['CS2', 16],
  ['CS3', 24],
  ['CS4', 32],
  ['CS5', 40],
  ['CS6', 48],
  ['CS7', 56],
  ['BE', 0],
  ['AF11', 10],
  ['AF12', 12],
  ['AF13', 14],
  ['AF21', 18],
  ['AF22', 20],
  ['AF23', 22],
  ['AF31', 26],
  ['AF32', 28],
  ['AF33', 30],
  ['AF41', 34],
  ['AF42', 36],
  ['AF43', 38],
  ['EF', 46],
]);

export interface MaskedOctet {
  readonly value: number;
  readonly mask: number;
}

/** `VALUE[/MASK]` or a name, which stands for the four bits of TOS and leaves precedence alone. */
export function parseTos(text: string): MaskedOctet | undefined {
  const named = TOS_NAMES.find(([name]) => name.toLowerCase() === text.toLowerCase());
  if (named !== undefined) return { value: named[1], mask: 0x3f };
  const [first = '', second] = text.split('/');
  const value = parseUnsigned(first, 255);
  const mask = second === undefined ? 255 : parseUnsigned(second, 255);
  return value === undefined || mask === undefined ? undefined : { value, mask };
}

/** The name of a value with a name's mask. */
export function tosName({ value, mask }: MaskedOctet): string | undefined {
  return mask === 0x3f ? TOS_NAMES.find(([, known]) => known === value)?.[0] : undefined;
}

/** `0x10/0x3f` */
export function tosText({ value, mask }: MaskedOctet): string {
  return `${hexOctet(value)}/${hexOctet(mask)}`;
}

export function dscpClass(name: string): number | undefined {
  return DSCP_CLASSES.get(name.toUpperCase());
}

export function hexOctet(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
