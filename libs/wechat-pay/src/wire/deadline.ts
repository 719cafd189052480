/** What a caller may say about one call: give up when `signal` aborts, or `deadlineMs` milliseconds from now. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

// Timers above this fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long one call, with all its waiting and repeating, may still take. Runs on a clock that is never set. */
export class Deadline {
  readonly signal: AbortSignal | undefined;
  private readonly endsAtMs: number;

  constructor({ signal, deadlineMs }: CallOptions, defaultMs: number) {
    this.signal = signal;
    this.endsAtMs = performance.now() + (deadlineMs ?? defaultMs);
  }

  leftMs(): number {
    return this.endsAtMs - performance.now();
  }

  /** Why the call must not go on, if so. */
  over(): 'aborted' | 'deadline' | undefined {
    if (this.signal?.aborted === true) return 'aborted';
    // Not `<= 0`: no number at all ends the call too.
    return this.leftMs() > 0 ? undefined : 'deadline';
  }

  /**
   * Tells once when the time is up or the caller gives up.
   * @returns the function that stops listening.
   */
  onOver(tell: (why: 'aborted' | 'deadline') => void): () => void {
    const onAbort = () => tell('aborted');
    const timer = setTimeout(() => tell('deadline'), Math.min(this.leftMs(), LONGEST_TIMER_MS));
    this.signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      clearTimeout(timer);
      this.signal?.removeEventListener('abort', onAbort);
    };
  }

  /** Waits; false when the time is not enough for that (then at once) or the caller gives up meanwhile. */
  async pause(ms: number): Promise<boolean> {
    if (this.over() !== undefined || !(ms < this.leftMs())) return false;
    return new Promise((resolve) => {
      const settle = (waited: boolean) => {
        clearTimeout(timer);
        stop();
        resolve(waited);
      };
      const timer = setTimeout(() => settle(true), ms);
      const stop = this.onOver(() => settle(false));
    });
  }
}
