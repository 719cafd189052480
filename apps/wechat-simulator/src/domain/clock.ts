/**
 * A clock that tests can stop and move, with two hands.
 *
 * The *time line* is what timers run on. It never goes back, so setting the clock back or resetting it leaves every
 * timer the time it still had. What the clock *shows* follows the time line and can be set freely.
 *
 * Messages carry and check wall time, because the merchant's clock was not moved with ours; only while the clock is
 * frozen do they carry the frozen time.
 */

/** Everything needed to go on after a restart. Milliseconds; `stopped` is there while the clock is frozen. */
export interface ClockState {
  lineAheadMs: number;
  shownAheadMs: number;
  stopped: { line: number; shown: number } | null;
}

export class SettableClock {
  readonly #wall: () => number;
  #state: ClockState = { lineAheadMs: 0, shownAheadMs: 0, stopped: null };
  #frozen = false;

  /** @param wall epoch milliseconds of the machine */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Where the time line stands: epoch milliseconds until the clock is first moved. */
  line(): number {
    return this.#state.stopped?.line ?? this.#wall() + this.#state.lineAheadMs;
  }

  /** What the clock shows, epoch milliseconds. */
  shown(): number {
    return this.#state.stopped?.shown ?? this.#wall() + this.#state.shownAheadMs;
  }

  /** The time that messages carry and that `time_expire` is checked against. */
  messageTime(): number {
    return this.#frozen ? this.shown() : this.#wall();
  }

  /** The calendar time, for a merchant, at which the time line will reach this point if nobody moves the clock. */
  messageTimeOf(line: number): number {
    return line - this.line() + this.messageTime();
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** True while the time line stands still: frozen, or on its way to a later point. */
  get stopped(): boolean {
    return this.#state.stopped !== null;
  }

  stop(): void {
    this.#state.stopped ??= { line: this.line(), shown: this.shown() };
  }

  /** Moves a stopped clock ahead, both hands. */
  forward(ms: number): void {
    const { stopped } = this.#state;
    if (!stopped || ms < 0) throw new Error('Only a stopped clock is moved, and only ahead.');
    stopped.line += ms;
    stopped.shown += ms;
  }

  /** Lets a stopped clock show another time; the time line stays. */
  show(at: number): void {
    const { stopped } = this.#state;
    if (!stopped) throw new Error('Only a stopped clock is set.');
    stopped.shown = at;
  }

  /** Keeps a stopped clock stopped for good. */
  freeze(): void {
    this.stop();
    this.#frozen = true;
  }

  /** Lets a stopped clock run on from where it stands, unless it is frozen. */
  go(): void {
    const { stopped } = this.#state;
    if (!stopped || this.#frozen) return;
    const wall = this.#wall();
    this.#state = { lineAheadMs: stopped.line - wall, shownAheadMs: stopped.shown - wall, stopped: null };
  }

  /** Runs again and shows the machine's time; timers keep the time they had left. */
  reset(): void {
    this.#frozen = false;
    this.go();
    this.#state.shownAheadMs = 0;
  }

  state(): ClockState {
    const { stopped } = this.#state;
    return { ...this.#state, stopped: this.#frozen && stopped ? { ...stopped } : null };
  }

  restore(state: ClockState): void {
    this.#state = { ...state, stopped: state.stopped ? { ...state.stopped } : null };
    this.#frozen = state.stopped !== null;
  }
}
