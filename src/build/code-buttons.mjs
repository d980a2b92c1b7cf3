// Code blocks of lessons: a line above each block of commands that says where they run, with Run and Copy.
//
//     ```sh node=client         commands: Run types them into that host's terminal and presses Enter
//     ```console node=node1     commands with prompts, and output: Run and Copy take the commands alone
//     ```sh                     commands without a place: Copy only
//     ```text                   output: no buttons
//
// `no-run` and `no-copy` after the language take a button away.
import { definePlugin } from '@astrojs/starlight/expressive-code';
import { h } from '@astrojs/starlight/expressive-code/hast';
import { codeWords } from '../i18n/code-words.mjs';
import { COMMANDS, commandsOf } from './commands.mjs';

/** The Expressive Code plugin. */
export function codeButtons() {
  return definePlugin({
    name: 'Code buttons',
    hooks: {
      postprocessRenderedBlock: ({ codeBlock, renderData }) => {
        const { language, locale, metaOptions, code } = codeBlock;
        keepWordsWhole(renderData.blockAst);
        if (!COMMANDS.has(language)) {
          addClass(renderData.blockAst, 'is-output');
          return;
        }
        const host = metaOptions.getString('node');
        const command = commandsOf(code, language);
        const run = host !== undefined && !metaOptions.getBoolean('no-run');
        const copy = !metaOptions.getBoolean('no-copy');
        const words = codeWords(locale);
        const line = firstLine(command);
        renderData.blockAst = h('figure.code-block', { 'data-command': command, 'data-host': host ?? '' }, [
          h('figcaption.code-bar', { 'data-pagefind-ignore': '' }, [
            h('span.code-host', host ?? ''),
            ...(copy ? [h('button.code-copy', copyButton(words, line), words.copy)] : []),
            ...(run ? [h('button.code-run', runButton(words, host, line), words.run)] : []),
          ]),
          renderData.blockAst,
        ]);
      },
    },
  });
}

/** What a button says for a moment once it was pressed is on it, so that the page's script knows no language. */
function copyButton(words, line) {
  return {
    type: 'button',
    'aria-label': words.copyLabel(line),
    'data-done': words.copied,
    'data-failed': words.notCopied,
  };
}

function runButton(words, host, line) {
  return { type: 'button', 'aria-label': words.runLabel(host, line), 'data-done': words.sent };
}

function firstLine(command) {
  const [line, ...more] = command.split('\n');
  return more.length > 0 ? `${line} …` : line;
}

function addClass(node, name) {
  node.properties = { ...node.properties, className: [...(node.properties?.className ?? []), name] };
}

/** A browser breaks lines at hyphens, also within `--dport`. Words with a hyphen are marked so that it does not. */
function keepWordsWhole(node) {
  if (node.children === undefined) return;
  node.children = node.children.flatMap((child) => {
    if (child.type !== 'text' || !child.value.includes('-')) {
      keepWordsWhole(child);
      return [child];
    }
    return child.value
      .split(/([^ ]*-[^ ]*)/)
      .filter((part) => part !== '')
      .map((part) => (part.includes('-') ? h('span.whole', part) : { type: 'text', value: part }));
  });
}
