/** PS1 and PS2: bash's backslash escapes (bash(1), PROMPTING). Deviation: variables and commands in prompts are not expanded. */
import { SECOND } from '../base/scheduler.ts';
import { civil } from '../process/calendar.ts';
import type { Shell } from './state.ts';

const BASH_PS1 = '[\\u@\\h \\W]\\$ ';
const BUSYBOX_PS1 = '\\w \\$ ';
const DASH_PS1 = '\\$ ';

/** The default of a shell that nobody configured: as the machines' own profiles set it. */
export function defaultPrompt(sh: Shell): string {
  if (sh.flavour === 'busybox') return BUSYBOX_PS1;
  return sh.flavour === 'dash' ? DASH_PS1 : BASH_PS1;
}

/** The prompt's text for the terminal. */
export function expandPrompt(sh: Shell, prompt: string): string {
  return prompt.replace(/\\(\d{3}|.)/g, (whole, escape: string) => {
    if (/^\d{3}$/.test(escape)) return String.fromCharCode(parseInt(escape, 8));
    switch (escape) {
      case 'u':
        return 'root';
      case 'h':
        return sh.ctx.hostname.split('.', 1)[0] ?? '';
      case 'H':
        return sh.ctx.hostname;
      case 'w':
        return withTilde(sh);
      case 'W': {
        const path = withTilde(sh);
        return path === '~' || path === '/' ? path : path.slice(path.lastIndexOf('/') + 1);
      }
      case '$':
        return '#';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'e':
        return '\x1b';
      case 'a':
        return '\x07';
      case 's':
        return sh.name.replace(/^.*\//, '');
      case 'j':
        return String(sh.jobs.list.length);
      case '!':
      case '#':
        return String(sh.history.length + 1);
      case '[':
      case ']':
        return '';
      case '\\':
        return '\\';
      case 't':
      case 'A':
      case 'T': {
        const { hour, minute, second } = civil(Math.floor(sh.ctx.wallClock / SECOND));
        const two = (n: number): string => String(n).padStart(2, '0');
        return escape === 'A' ? `${two(hour)}:${two(minute)}` : `${two(hour)}:${two(minute)}:${two(second)}`;
      }
      default:
        return whole;
    }
  });
}

function withTilde(sh: Shell): string {
  const home = sh.get('HOME') ?? '';
  const { cwd } = sh.ctx;
  if (home === '' || home === '/') return cwd;
  if (cwd === home) return '~';
  return cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
}
