/** The words of the time bar, in the languages of the site. */
import type { Note, Standing } from '../../lab/time-protocol.ts';
import type { BranchCause } from '../../lab/timeline.ts';

/** What the page itself has to tell, beside the notes of the worker. */
export type News =
  | 'renewed'
  | 'link-broken'
  | 'link-newer'
  | 'link-other-build'
  | 'link-other-lab'
  | 'link-opened'
  | 'crashed'
  | 'thrown'
  | 'copied';

export interface TimeWords {
  readonly bar: string;
  readonly pause: string;
  readonly play: string;
  readonly step: string;
  readonly stepBy: string;
  readonly steps: Readonly<Record<'event' | 'hook' | 'device', string>>;
  readonly pace: string;
  readonly moment: string;
  readonly now: string;
  readonly jump: string;
  readonly nextDrop: string;
  readonly rule: string;
  readonly nextMatch: string;
  readonly skip: string;
  readonly quarter: string;
  readonly halfDay: string;
  readonly minutes: string;
  readonly go: string;
  readonly halt: string;
  readonly branches: string;
  readonly link: string;
  readonly linkField: string;
  readonly undo: string;
  readonly paused: string;
  readonly past: (time: string) => string;
  readonly under: Readonly<Record<'step' | 'jump' | 'forward', (time: string) => string>>;
  readonly standing: (standing: Standing) => string;
  readonly note: (note: Note, time: (at: number) => string) => string;
  readonly news: Readonly<Record<News, string>>;
  readonly cutBefore: (input: string) => string;
  readonly copied: (bytes: number) => string;
  readonly cause: Readonly<Record<BranchCause, string>>;
  readonly branch: (time: string, began: string, cause: string) => string;
  readonly after: (time: string, command: string) => string;
}

/** What happened at an event of the trace, in the field's words; the same in both languages. */
function happened({ kind, about }: Standing): string {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = about;
  switch (kind) {
    case 'rule':
      return `${first} ${second}, ${third} ${fourth}: ${fifth}`;
    case 'policy':
      return `${first} ${second}, ${third}: ${fourth}`;
    case 'conntrack':
      return `${first} conntrack ${second}`;
    case 'nat':
      return `${first} ${second === 'source' ? 'SNAT' : 'DNAT'}`;
    case 'ipvs':
      return `${first} IPVS ${third}`;
    case 'drop':
      return `${first} (${second})`;
    default:
      return about.filter((name) => name !== '').join(' ');
  }
}

const english: TimeWords = {
  bar: 'Time',
  pause: 'Pause',
  play: 'Play',
  step: 'Step',
  stepBy: 'Step to',
  steps: { event: 'event', hook: 'hook', device: 'device' },
  pace: 'Pace',
  moment: 'Moment of the session',
  now: 'Now',
  jump: 'Jump',
  nextDrop: 'Next drop',
  rule: 'Rule, or a part of it',
  nextMatch: 'Next match',
  skip: 'Skip',
  quarter: '15 minutes',
  halfDay: '12 hours',
  minutes: 'Minutes',
  go: 'Skip',
  halt: 'Stop',
  branches: 'Branches',
  link: 'Link',
  linkField: 'Link to this world',
  undo: 'Undo',
  paused: 'Time stands still.',
  past: (time) => `You are looking at ${time}. Type to go on from here, on a new branch.`,
  under: {
    step: (time) => `Stepping, at ${time}`,
    jump: (time) => `Looking, at ${time}`,
    forward: (time) => `Skipping, at ${time}`,
  },
  standing: (standing) =>
    `${standing.host}, ${standing.netns}: ${ENGLISH_KINDS[standing.kind] ?? ''}${happened(standing)}`,
  note: (note, time) => {
    if (note.kind === 'nothing') return `Nothing of that kind in the next ${note.seconds / 60} minutes.`;
    if (note.kind === 'forked') return `A new branch begins at ${time(note.at)}.`;
    if (note.kind === 'reset') return note.what === 'step' ? 'The step begins again.' : 'The lesson begins again.';
    return note.refused === 0 ? '' : `${note.refused} inputs of that log could not be played.`;
  },
  news: {
    renewed: 'The site has been renewed. Your commands were typed again; what they print may differ.',
    'link-broken': 'The link is damaged and was not opened. This is your own world.',
    'link-newer': 'The link was made by a newer Meshwalk than this page. Reload to get it; this is your own world.',
    'link-other-build':
      'The link was made by another build of Meshwalk. Its commands were typed again; what they print may differ.',
    'link-other-lab': 'The link belongs to another lab and was not opened. This is your own world.',
    'link-opened': 'The world of the link. Your own is kept under Branches.',
    crashed: 'The lab had stopped. It was started again and your session replayed.',
    thrown: 'All labs of this tab begin again.',
    copied: 'Copied.',
  },
  cutBefore: (input) => `The lab stopped twice at the same place. It stands just before ${JSON.stringify(input)}.`,
  copied: (bytes) => `Link copied, ${bytes} characters. It holds the whole session; nothing was sent anywhere.`,
  cause: {
    start: 'from the beginning',
    typed: '',
    step: 'step begun again',
    lesson: 'lesson begun again',
    link: 'from a link',
    crash: 'brought back',
  },
  branch: (time, began, cause) => [time, began, cause].filter((part) => part !== '').join(' · '),
  after: (time, command) => (command === '' ? time : `${time}, ${command}`),
};

const ENGLISH_KINDS: Partial<Record<Standing['kind'], string>> = {
  rx: 'in by ',
  tx: 'out by ',
  rule: 'rule, ',
  policy: 'policy, ',
  route: 'route ',
  neighbour: 'neighbour, ',
  bridge: 'bridge ',
  encap: 'wrapped by ',
  decap: 'unwrapped by ',
  local: 'handed to a socket ',
  sent: 'sent by ',
  drop: 'dropped, ',
};

const chinese: TimeWords = {
  bar: '时间',
  pause: '暂停',
  play: '播放',
  step: '单步',
  stepBy: '步进单位',
  steps: { event: '事件', hook: '钩子', device: '设备' },
  pace: '速度',
  moment: '会话中的时刻',
  now: '现在',
  jump: '跳到',
  nextDrop: '下一次丢包',
  rule: '规则全文或一部分',
  nextMatch: '下一次匹配',
  skip: '快进',
  quarter: '15 分钟',
  halfDay: '12 小时',
  minutes: '分钟',
  go: '快进',
  halt: '停止',
  branches: '分支',
  link: '链接',
  linkField: '指向这个世界的链接',
  undo: '撤销',
  paused: '时间已暂停。',
  past: (time) => `您正在查看 ${time}。在此输入即从这里开出新分支。`,
  under: {
    step: (time) => `正在步进，${time}`,
    jump: (time) => `正在查找，${time}`,
    forward: (time) => `正在快进，${time}`,
  },
  standing: (standing) =>
    `${standing.host}，${standing.netns}：${CHINESE_KINDS[standing.kind] ?? ''}${happened(standing)}`,
  note: (note, time) => {
    if (note.kind === 'nothing') return `之后 ${note.seconds / 60} 分钟内没有这样的事件。`;
    if (note.kind === 'forked') return `新分支从 ${time(note.at)} 开始。`;
    if (note.kind === 'reset') return note.what === 'step' ? '本步骤已重新开始。' : '本课已重新开始。';
    return note.refused === 0 ? '' : `该记录中有 ${note.refused} 个输入无法重放。`;
  },
  news: {
    renewed: '网站已更新。您的命令已重新输入，输出可能有所不同。',
    'link-broken': '链接已损坏，未能打开。这是您自己的世界。',
    'link-newer': '链接由更新版本的 Meshwalk 生成。请刷新页面以获取新版本；这是您自己的世界。',
    'link-other-build': '链接由另一个版本的 Meshwalk 生成。其中的命令已重新输入，输出可能有所不同。',
    'link-other-lab': '链接属于另一个实验，未打开。这是您自己的世界。',
    'link-opened': '这是链接中的世界。您自己的世界保存在“分支”中。',
    crashed: '实验曾意外停止，现已重新启动并重放了您的会话。',
    thrown: '此标签页中的所有实验都已重新开始。',
    copied: '已复制。',
  },
  cutBefore: (input) => `实验在同一处停止了两次，现停在输入 ${JSON.stringify(input)} 之前。`,
  copied: (bytes) => `链接已复制，共 ${bytes} 个字符。其中包含整个会话，没有向任何服务器发送数据。`,
  cause: {
    start: '从头开始',
    typed: '',
    step: '步骤重新开始',
    lesson: '本课重新开始',
    link: '来自链接',
    crash: '崩溃后恢复',
  },
  branch: (time, began, cause) => [time, began, cause].filter((part) => part !== '').join(' · '),
  after: (time, command) => (command === '' ? time : `${time}，${command}`),
};

const CHINESE_KINDS: Partial<Record<Standing['kind'], string>> = {
  rx: '进入 ',
  tx: '离开 ',
  rule: '规则，',
  policy: '默认策略，',
  route: '路由 ',
  neighbour: '邻居，',
  bridge: '网桥 ',
  encap: '封装于 ',
  decap: '解封装于 ',
  local: '交给套接字 ',
  sent: '发送者 ',
  drop: '丢弃，',
};

/** The words of a page's language. */
export function timeWords(lang: string): TimeWords {
  return lang.toLowerCase().startsWith('zh') ? chinese : english;
}

/** A span of virtual time in microseconds as `0:42.3`, `12:05.0` or `3:04:05`. */
export function clockTime(span: number): string {
  const tenths = Math.max(0, Math.floor(span / 100_000));
  const seconds = Math.floor(tenths / 10);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}.${tenths % 10}`;
}
