/**
 * A separator between two panels that the mouse, a finger and the keyboard can move. It writes a percentage
 * into a custom property of an element around it (its parent, or what `data-frame` selects) and remembers it.
 *
 *     <split-bar data-property="--dock" data-initial="45" data-min="25" data-max="75"
 *                data-axis="x" data-frame=".lab" data-label="Width of the lesson"></split-bar>
 *
 * With `data-from="previous"` the percentage counts from the element before it, else from the frame's edge.
 */
const STEP = 2;
const PREFIX = 'meshwalk:split:';

export class SplitBar extends HTMLElement {
  #value = 50;

  connectedCallback(): void {
    this.role = 'separator';
    this.tabIndex = 0;
    this.ariaLabel = this.dataset.label ?? null;
    this.ariaOrientation = this.#horizontal ? 'vertical' : 'horizontal';
    this.ariaValueMin = String(this.#min);
    this.ariaValueMax = String(this.#max);
    this.#set(this.#remembered() ?? Number(this.dataset.initial ?? 50));
    this.onpointerdown = (event) => this.#drag(event);
    this.onkeydown = (event) => this.#onKey(event);
    this.ondblclick = () => this.#move(Number(this.dataset.initial ?? 50));
  }

  get #horizontal(): boolean {
    return this.dataset.axis !== 'y';
  }

  get #min(): number {
    return Number(this.dataset.min ?? 15);
  }

  get #max(): number {
    return Number(this.dataset.max ?? 85);
  }

  /** The element whose size is shared out, and which carries the property. */
  get #frame(): HTMLElement {
    return this.closest<HTMLElement>(this.dataset.frame ?? ':not(split-bar)')!;
  }

  #set(value: number): void {
    this.#value = Math.min(this.#max, Math.max(this.#min, Math.round(value * 10) / 10));
    this.ariaValueNow = String(Math.round(this.#value));
    this.#frame.style.setProperty(this.dataset.property ?? '--split', `${this.#value}%`);
  }

  /** Sets and remembers. */
  #move(value: number): void {
    this.#set(value);
    try {
      localStorage.setItem(PREFIX + this.dataset.property, String(this.#value));
    } catch {
      // A browser without storage forgets the size; nothing else is lost.
    }
  }

  #remembered(): number | undefined {
    try {
      const text = localStorage.getItem(PREFIX + this.dataset.property);
      return text === null ? undefined : Number(text);
    } catch {
      return undefined;
    }
  }

  #onKey(event: KeyboardEvent): void {
    const back = this.#horizontal ? 'ArrowLeft' : 'ArrowUp';
    const forth = this.#horizontal ? 'ArrowRight' : 'ArrowDown';
    const target = {
      [back]: this.#value - STEP,
      [forth]: this.#value + STEP,
      Home: this.#min,
      End: this.#max,
      Enter: Number(this.dataset.initial ?? 50),
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#move(target);
  }

  #drag(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.focus();
    this.setPointerCapture(event.pointerId);
    this.onpointermove = (move) => {
      const frame = this.#frame.getBoundingClientRect();
      const from = this.dataset.from === 'previous' ? this.previousElementSibling!.getBoundingClientRect() : frame;
      this.#move(
        this.#horizontal
          ? (100 * (move.clientX - from.left)) / frame.width
          : (100 * (move.clientY - from.top)) / frame.height,
      );
    };
    this.onpointerup = this.onpointercancel = () => (this.onpointermove = null);
  }
}

customElements.define('split-bar', SplitBar);
