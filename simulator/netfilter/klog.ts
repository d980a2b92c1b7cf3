/** printk(): lines for `dmesg`. The oldest go when the buffer is full, as in the kernel's ring. */
import type { Kernel } from '../kernel/kernel.ts';

/** About what 256 KiB hold. */
const LINES = 2000;

/** Adds a line to the kernel's log. */
export function printk(kernel: Kernel, text: string): void {
  kernel.log.push({ at: kernel.now, text });
  if (kernel.log.length > LINES * 2) kernel.log.splice(0, LINES);
}
