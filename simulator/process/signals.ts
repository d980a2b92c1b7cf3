/** Signal numbers and default actions, after signal(7) for x86 Linux. Real-time signals are not emulated. */
import type { Signal } from './program.ts';

export const SIGNAL_NUMBERS: Readonly<Record<Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGWINCH: 28,
};

/** What bash says of a job that a signal ended. */
export const SIGNAL_TEXTS: Readonly<Partial<Record<Signal, string>>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1',
  SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
};

const BY_NUMBER = new Map(Object.entries(SIGNAL_NUMBERS).map(([name, number]) => [number, name as Signal]));

/** The signal that `text` names: `9`, `KILL`, `SIGKILL`, in any case; undefined when unknown. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return BY_NUMBER.get(Number(text));
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return name in SIGNAL_NUMBERS ? (name as Signal) : undefined;
}

/** What happens to a process that does not catch `signal`. */
export function defaultAction(signal: Signal): 'terminate' | 'stop' | 'continue' | 'ignore' {
  switch (signal) {
    case 'SIGSTOP':
    case 'SIGTSTP':
    case 'SIGTTIN':
    case 'SIGTTOU':
      return 'stop';
    case 'SIGCONT':
      return 'continue';
    case 'SIGCHLD':
    case 'SIGWINCH':
      return 'ignore';
    default:
      return 'terminate';
  }
}
