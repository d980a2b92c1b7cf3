/**
 * ESP (RFC 4303) with AES-GCM (RFC 4106), as Linux's esp4 lays it out: SPI, sequence, an IV of 8 octets, what is enciphered, check
 * value. Bytes are made only here, when somebody captures; who reads them back gets octets without meaning, as a wire-tapper does.
 *
 * Deviation: the IV is the sequence number mixed with octets that come from the key, where seqiv draws them when the state is made.
 */
import { put32 } from './bytes.ts';
import { AesGcm } from './gcm.ts';
import type { EspHeader } from './packet.ts';

const ESP_HEADER = 8;
const IV = 8;
const SALT = 4;

/** Ciphers by key: a state sends many packets. */
const ciphers = new Map<string, { readonly gcm: AesGcm; readonly salt: Uint8Array; readonly mix: Uint8Array }>();
const MOST_CIPHERS = 100;

function cipherOf(key: string): { readonly gcm: AesGcm; readonly salt: Uint8Array; readonly mix: Uint8Array } {
  const known = ciphers.get(key);
  if (known !== undefined) return known;
  const octets = Uint8Array.from(key.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const gcm = new AesGcm(octets.subarray(0, octets.length - SALT));
  const cipher = {
    gcm,
    salt: octets.subarray(octets.length - SALT),
    mix: gcm.block(new Uint8Array(16).fill(0xff)).slice(0, IV),
  };
  if (ciphers.size === MOST_CIPHERS) ciphers.clear();
  ciphers.set(key, cipher);
  return cipher;
}

/** Writes the ESP packet that carries `plain` (a transport header and its data). */
export function writeEsp(bytes: Uint8Array, at: number, esp: EspHeader, plain: Uint8Array, nextHeader: number): void {
  const { gcm, salt, mix } = cipherOf(esp.key);
  put32(bytes, at, esp.spi);
  put32(bytes, at + 4, esp.sequence);
  const iv = mix.slice();
  for (let i = 0; i < 4; i++) iv[4 + i] = (iv[4 + i] as number) ^ (bytes[at + 4 + i] as number);
  bytes.set(iv, at + ESP_HEADER);
  const padding = ((plain.length + 5) & ~3) - plain.length - 2;
  const trailed = new Uint8Array(plain.length + padding + 2);
  trailed.set(plain);
  for (let i = 0; i < padding; i++) trailed[plain.length + i] = i + 1;
  trailed[trailed.length - 2] = padding;
  trailed[trailed.length - 1] = nextHeader;
  const nonce = new Uint8Array(SALT + IV);
  nonce.set(salt);
  nonce.set(iv, SALT);
  const { sealed, tag } = gcm.seal(nonce, trailed, bytes.subarray(at, at + ESP_HEADER));
  bytes.set(sealed, at + ESP_HEADER + IV);
  bytes.set(tag.subarray(0, esp.icvLength), at + ESP_HEADER + IV + sealed.length);
}
