/** The buttons of code blocks: Copy puts the commands on the clipboard, Run asks the dock to type them. */
import { askToRun } from './lab/run-event.ts';

const SHOWN_MS = 1600;

document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element)) return;
  const pressed = event.target.closest<HTMLButtonElement>('.code-run, .code-copy');
  const block = pressed?.closest<HTMLElement>('.code-block');
  if (pressed == null || block == null) return;
  const { command = '', host = '' } = block.dataset;
  if (pressed.classList.contains('code-run')) {
    askToRun({ host, command });
    say(pressed, pressed.dataset.done);
  } else {
    navigator.clipboard.writeText(command).then(
      () => say(pressed, pressed.dataset.done),
      () => say(pressed, pressed.dataset.failed),
    );
  }
});

/** Shows a word on a button for a moment. */
function say(pressed: HTMLButtonElement, word = ''): void {
  const before = pressed.dataset.word ?? pressed.textContent;
  pressed.dataset.word = before;
  pressed.textContent = word;
  setTimeout(() => (pressed.textContent = before), SHOWN_MS);
}
