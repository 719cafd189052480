import { Alarm } from '../flow/ports.ts';

/** `setTimeout` cannot wait longer than this. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer of Node; it keeps no process alive. */
export class NodeAlarm extends Alarm {
  #timer: NodeJS.Timeout | undefined;

  set(ms: number, ring: () => void): void {
    this.clear();
    // Never 0: a timer may end a moment early, and then the next one is set for the rest.
    this.#timer = setTimeout(ring, Math.min(Math.max(Math.ceil(ms), 1), LONGEST_MS)).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
