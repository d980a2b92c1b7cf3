/** The page's own words in English; see words.ts. */
import type { Words } from './words.ts';

export const english: Words = {
  site: { label: 'Site', lessons: 'Lessons', keys: 'Keys', fidelity: 'Fidelity' },
  darkTheme: 'Dark theme',
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
    lessons: 'Lessons',
  },
  figure: {
    title:
      'A request leaves the client, enters node1, is redirected to the ingress sandbox, marked and balanced there, crosses a VXLAN tunnel to node2 and ends in a container.',
    host: 'host',
  },
  kicker: (unit, number, minutes) => [unit, `lesson ${number}`, `${minutes} minutes`],
  predict: 'Predict. ',
  answer: 'The answer',
  views: { label: 'What to show', read: 'Read', terminal: 'Terminal', story: 'Story' },
  lab: {
    label: 'Lab',
    lessonWidth: 'Width of the lesson',
    storyHeight: 'Height of the packet story',
    stopped: 'The lab stopped.',
    startOver: 'Start over',
    enlarge: 'Enlarge',
    story: 'Packet story',
    storyEmptyHtml:
      'No request yet. Send one from a terminal, for example <code>curl 192.168.56.11:8000</code> on <b>client</b>, and its way appears here hop by hop.',
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
