/** How long WeChat Pay waits before it sends a notification again, counted from the end of the try before. */
export class RepeatSchedules {
  readonly #seconds: Readonly<Record<'current' | 'legacy', readonly number[]>>;

  /** @param seconds pauses after the first, second, … failed try; after the last one WeChat gives up */
  constructor(seconds: Readonly<Record<'current' | 'legacy', readonly number[]>>) {
    this.#seconds = seconds;
  }

  /** Milliseconds to wait after this failed try (1 = the first one); undefined: there is no further try. */
  delayAfter(attempt: number, schedule: 'current' | 'legacy'): number | undefined {
    const seconds = this.#seconds[schedule][attempt - 1];
    return seconds === undefined ? undefined : seconds * 1_000;
  }
}
