/**
 * The words of a lesson's parts (tasks, questions, views), in the languages of the site. Most are set
 * when a page is built; what is said while checks run comes with their code, after the first prompt.
 */

export interface PartWords {
  readonly task: string;
  readonly check: string;
  readonly checking: string;
  readonly checkAgain: string;
  readonly hint: (number: number) => string;
  readonly solution: string;
  readonly typeIt: string;
  readonly yesType: string;
  readonly onlyShow: string;
  readonly typed: string;
  readonly typing: (number: number, all: number, host: string) => string;
  /** The shell in front of a line of the solution does not come back. */
  readonly typingStuck: (host: string) => string;
  readonly state: Readonly<Record<'open' | 'done' | 'older', string>>;
  readonly levels: Readonly<Record<'wait' | 'warn' | 'fail' | 'pass', string>>;
  /** Checks that are not made before others pass. */
  readonly waiting: (count: number) => string;
  readonly passing: (count: number) => string;
  readonly expected: string;
  readonly found: string;
  readonly look: (host: string) => string;
  readonly run: string;
  readonly allPass: string;
  readonly withWarnings: string;
  readonly stillOpen: (passed: number, all: number) => string;
  /** A task that needs others first. */
  readonly needs: (says: readonly string[]) => string;
  readonly passed: (says: string) => string;
  readonly notChecked: (reason: string) => string;
  readonly predict: string;
  readonly question: string;
  readonly quiz: string;
  readonly answerField: string;
  readonly answer: string;
  readonly asking: string;
  readonly right: string;
  readonly wrong: string;
  readonly machinesSay: (key: string) => string;
  readonly tryAgain: string;
  readonly showAnswer: string;
  readonly noKey: string;
  readonly explanation: string;
  readonly openStory: string;
  readonly openMap: string;
  readonly openTables: string;
  readonly progress: Readonly<Record<'started' | 'done' | 'older', string>>;
  readonly tasksDone: (done: number, all: number) => string;
  readonly resume: (says: string) => string;
}

const english: PartWords = {
  task: 'Task.',
  check: 'Check',
  checking: 'Checking …',
  checkAgain: 'Check again',
  hint: (number) => `Hint ${number}`,
  solution: 'Solution',
  typeIt: 'Shall it be typed for you?',
  yesType: 'Type it for me',
  onlyShow: 'Only show it',
  typed: 'Typed. Read what each line did.',
  typing: (number, all, host) => `Typing line ${number} of ${all} on ${host} …`,
  typingStuck: (host) =>
    `The prompt on ${host} does not come back. End what runs there (Ctrl-C), then press the button again.`,
  state: { open: '', done: 'Done', older: 'Done on an older version' },
  levels: { wait: 'Not yet', warn: 'Works, but', fail: 'Fails', pass: 'Pass' },
  waiting: (count) => `${count === 1 ? 'One more check waits' : `${count} more checks wait`} for this.`,
  passing: (count) => (count === 1 ? 'one check' : `${count} checks`),
  expected: 'Expected',
  found: 'Found',
  look: (host) => `Where to look, on ${host}:`,
  run: 'Run',
  allPass: 'Everything passes.',
  withWarnings: 'It works, but not as it should.',
  stillOpen: (passed, all) => `${passed} of ${all} checks pass.`,
  needs: (says) => `First: ${says.join(' ')}`,
  passed: (says) => `Task done: ${says}`,
  notChecked: (reason) => `The check could not be made: ${reason}. Press Check to try again.`,
  predict: 'Predict.',
  question: 'Question.',
  quiz: 'Quiz',
  answerField: 'Your answer',
  answer: 'Answer',
  asking: 'Asking the machines …',
  right: 'Right.',
  wrong: 'Not so.',
  machinesSay: (key) => `The machines say: ${key}`,
  tryAgain: 'Try again, or look at the answer.',
  showAnswer: 'Show the answer',
  noKey: 'The machines give no answer to this as they are now.',
  explanation: 'Explanation',
  openStory: 'Open the packet story',
  openMap: 'Open the map',
  openTables: 'Open the tables',
  progress: { started: 'Begun', done: 'Done', older: 'Done on an older version' },
  tasksDone: (done, all) => `${done} of ${all} tasks`,
  resume: (says) => `Go on with: ${says}`,
};

const chinese: PartWords = {
  task: '任务：',
  check: '检查',
  checking: '正在检查……',
  checkAgain: '再次检查',
  hint: (number) => `提示 ${number}`,
  solution: '参考答案',
  typeIt: '要替你输入吗？',
  yesType: '替我输入',
  onlyShow: '只看命令',
  typed: '已输入。请逐行看看各有什么作用。',
  typing: (number, all, host) => `正在 ${host} 上输入第 ${number} 行，共 ${all} 行……`,
  typingStuck: (host) => `${host} 的提示符没有回来。请先结束正在运行的程序（Ctrl-C），再按一次按钮。`,
  state: { open: '', done: '已完成', older: '已完成（旧版本）' },
  levels: { wait: '暂不能判断', warn: '能用，但有问题', fail: '未通过', pass: '通过' },
  waiting: (count) => `还有 ${count} 项检查要等上面的问题解决。`,
  passing: (count) => `${count} 项检查`,
  expected: '应为',
  found: '实际',
  look: (host) => `去哪里看（${host}）：`,
  run: '运行',
  allPass: '全部通过。',
  withWarnings: '能用，但还不够好。',
  stillOpen: (passed, all) => `${all} 项检查中通过 ${passed} 项。`,
  needs: (says) => `请先完成：${says.join('')}`,
  passed: (says) => `任务完成：${says}`,
  notChecked: (reason) => `无法检查：${reason}。请按“检查”重试。`,
  predict: '先猜一猜：',
  question: '问题：',
  quiz: '小测验',
  answerField: '你的答案',
  answer: '回答',
  asking: '正在询问机器……',
  right: '正确。',
  wrong: '不对。',
  machinesSay: (key) => `机器给出的答案：${key}`,
  tryAgain: '可以再试一次，或者查看答案。',
  showAnswer: '查看答案',
  noKey: '以机器现在的状态，无法回答这个问题。',
  explanation: '解释',
  openStory: '打开“包的经历”',
  openMap: '打开地图',
  openTables: '打开各类表',
  progress: { started: '已开始', done: '已完成', older: '已完成（旧版本）' },
  tasksDone: (done, all) => `任务 ${done}/${all}`,
  resume: (says) => `继续：${says}`,
};

/** The words of a language, as `<html lang>` names it; English for any other. */
export function partWords(lang: string | undefined): PartWords {
  return lang?.toLowerCase().startsWith('zh') === true ? chinese : english;
}
