/** How long WeChat Pay waits before it sends a notification again, counted from the end of the try before. */
export class RepeatSchedule {
  readonly #delaysMs: readonly number[];

  /** @param seconds pauses after the first, second, … failed try; after the last one WeChat gives up */
  constructor(seconds: readonly number[]) {
    this.#delaysMs = seconds.map((s) => s * 1_000);
  }

  /** Milliseconds to wait after this failed try (1 = the first one); undefined: there is no further try. */
  delayAfter(attempt: number): number | undefined {
    return this.#delaysMs[attempt - 1];
  }
}
