// @ts-check
// The words of code blocks, by the language of the page; see src/build/code-buttons.mjs, which puts them in.

/**
 * @typedef {object} CodeWords
 * @property {string} copy
 * @property {(command: string) => string} copyLabel
 * @property {string} copied
 * @property {string} notCopied
 * @property {string} run
 * @property {(host: string, command: string) => string} runLabel
 * @property {string} sent
 */

/** @type {CodeWords} */
const english = {
  copy: 'Copy',
  copyLabel: (command) => `Copy: ${command}`,
  copied: 'Copied',
  notCopied: 'Press Ctrl-C',
  run: 'Run',
  runLabel: (host, command) => `Run on ${host}: ${command}`,
  sent: 'Sent',
};

/** @type {CodeWords} */
const chinese = {
  copy: '复制',
  copyLabel: (command) => `复制：${command}`,
  copied: '已复制',
  notCopied: '请按 Ctrl-C',
  run: '运行',
  runLabel: (host, command) => `运行，在 ${host} 上：${command}`,
  sent: '已发送',
};

/**
 * The words of a language, as `<html lang>` names it; English for any other.
 * @param {string | undefined} lang
 */
export function codeWords(lang) {
  return lang === 'zh-CN' ? chinese : english;
}
