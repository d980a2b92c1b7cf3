/** The page's own words in English; see words.ts. */
import { englishPages } from './page-en.ts';
import type { Words } from './words.ts';

export const english: Words = {
  site: { label: 'Site' },
  darkTheme: 'Dark theme',
  newVersion: {
    text: 'A new version of this workbook is ready. What you have done in the labs is kept.',
    now: 'Change to it',
    later: 'Later',
  },
  home: {
    promiseHtml:
      'Meshwalk is a workbook with a Swarm inside. Three Docker nodes and a client run in this tab, down to their network namespaces, <code>iptables</code> rules and IPVS tables. You type the real commands. Then you see, hop by hop, where each packet went and which rule sent it there.',
    start: (title) => `Start: ${title}`,
    effort: (minutes) => `${minutes} minutes, nothing to install`,
    answers: 'Real answers',
    answersText:
      'Thousands of commands were typed on real machines; what they printed is compared with what you see here. ',
    howClose: 'How close it is',
    answersEnd: '.',
    breakIt: 'Break it',
    breakItText:
      'Delete a rule, stop a node, lose the return path. Start over whenever you like; nothing leaves your browser.',
    ways: 'Ways in',
    wayTo: {
      course: 'every lesson, and what it builds on',
      playground: 'a free world of one to nine nodes',
      studio: 'write a lesson of your own',
      commands: 'what the machines understand',
    },
    lessons: 'Lessons',
  },
  figure: {
    title:
      'A request leaves the client, enters node1, is redirected to the ingress sandbox, marked and balanced there, crosses a VXLAN tunnel to node2 and ends in a container.',
    host: 'host',
  },
  kicker: (unit, number, minutes) => [unit, `lesson ${String(number).padStart(2, '0')}`, `${minutes} minutes`],
  predict: 'Predict. ',
  answer: 'The answer',
  views: { label: 'What to show', read: 'Read', write: 'Write', terminal: 'Terminal', story: 'Story' },
  lab: {
    label: 'Lab',
    lessonWidth: 'Width of the lesson',
    storyHeight: 'Height of the packet story',
    stopped: 'The lab stopped.',
    startOver: 'Start over',
    enlarge: 'Enlarge',
    story: 'Packet story',
    storyEmptyHtml: (command, host) =>
      `No request yet. Send one from a terminal${command === undefined ? '' : `, for example <code>${command}</code> on <b>${host}</b>`}, and its way appears here hop by hop.`,
    terminals: 'Terminals',
    nextPanel: 'next panel',
    leaveTerminal: 'leaves the terminal',
    keys: 'Keys',
    up: 'Up',
    down: 'Down',
    time: 'Time',
  },
  restart: {
    title: 'Start over?',
    text: 'A step or a lesson begins again on a branch of its own; what you did stays, and Undo brings it back.',
    keep: 'Keep it',
    step: 'This step',
    lesson: 'This lesson',
    everything: 'Every lab',
    undo: 'Undo the last',
  },
  dock: {
    terminal: 'Terminal on {}',
    terminals: 'Terminals',
    width: 'Width of the terminals before',
    split: 'Split: a new terminal beside this one',
    close: 'Close this terminal',
    open: 'New terminal',
    openOn: 'New terminal on {}',
    typed: 'Typed in {}',
    silent: 'It does not answer.',
  },
  pages: englishPages,
  report: {
    none: 'No comparison has been made for this build. ',
    noneEnd: ' makes one.',
    total: ['', ' of ', ' steps are equal, ', '.'],
    byRecording: 'By recording',
    byTool: 'By tool',
    remaining: 'What still differs',
    recording: 'Recording',
    tool: 'Tool',
    cause: 'Cause',
    steps: 'Steps',
    equal: 'Equal',
    share: 'Share',
    where: 'In',
    example: 'For example',
  },
};
