// @ts-check
// What a learner types of a code block: for the buttons that the build makes, and for the proofs of lessons.

const WITH_PROMPTS = new Set(['console', 'shellsession']);
const PROMPT = /^(?:\[[^\]]*\]|[\w@:~.-]+)? ?[#$] /;

/** Languages of blocks that hold commands. */
export const COMMANDS = new Set(['sh', 'bash', 'shell', ...WITH_PROMPTS]);

/**
 * The commands of a block: without prompts, and without output when the block shows both.
 * @param {string} code
 * @param {string} language
 */
export function commandsOf(code, language) {
  const lines = code.split('\n');
  if (!WITH_PROMPTS.has(language))
    return lines
      .map((line) => line.replace(/^[#$] /, ''))
      .join('\n')
      .trim();
  const kept = [];
  let open = false; // the command before goes on in the next line
  for (const line of lines) {
    const prompt = PROMPT.exec(line);
    if (prompt === null && !open) continue;
    const command = prompt === null ? line.replace(/^> /, '') : line.slice(prompt[0].length);
    kept.push(command);
    open = command.endsWith('\\');
  }
  return kept.join('\n').trim();
}
