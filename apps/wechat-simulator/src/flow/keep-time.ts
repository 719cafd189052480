// Runs what is due on the settable clock: nothing runs early, and moving the clock runs everything it passes, in order.
// Expiry (close.ts) and repeats (notify.ts) are the jobs.
import { Injectable, Logger } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { TimerQueue, type Job } from '../domain/timer-queue.ts';
import { Alarm } from './ports.ts';
import { Recorder } from './record.ts';

/** Jobs this close together run side by side when the clock is moved; the shortest repeat is 15 s, so none is passed. */
const TOGETHER_MS = 1_000;

/** How the clock is moved: milliseconds, or an instant (epoch milliseconds). */
export type ClockMove = { advanceMs: number } | { setTo: number } | { freezeAt: number } | { reset: true };

@Injectable()
export class TimeKeeper {
  readonly #log = new Logger('clock');
  readonly #running = new Set<Promise<void>>();
  #moves: Promise<void> = Promise.resolve();

  constructor(
    private readonly clock: SettableClock,
    private readonly queue: TimerQueue,
    private readonly alarm: Alarm,
    private readonly recorder: Recorder,
  ) {}

  /** Does this at a point of the time line. */
  at(due: number, job: Job): void {
    const next = this.queue.nextDue;
    this.queue.add(due, job);
    if (next === undefined || due < next) this.#arm();
  }

  /** Does this when so much time has passed on the clock. */
  after(ms: number, job: Job): void {
    this.at(this.clock.line() + ms, job);
  }

  /** Does this now; a moved clock waits for it. */
  start(job: Job): void {
    const run = (async () => {
      try {
        await job();
      } catch (error) {
        this.#log.error(`A timed job failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    })();
    this.#running.add(run);
    void run.then(() => this.#running.delete(run));
  }

  /** Moves the clock, one move after the other. Resolves when everything that became due has run. */
  move(move: ClockMove): Promise<void> {
    const moved = this.#moves.then(() => this.#move(move));
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  /** Resolves when what runs at this moment has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Forgets all that was to be done. */
  forget(): void {
    this.queue.clear();
    this.alarm.clear();
  }

  async #move(move: ClockMove): Promise<void> {
    if ('reset' in move) {
      this.clock.reset();
    } else {
      await this.idle();
      this.clock.stop();
      const shown = this.clock.shown();
      const target = 'advanceMs' in move ? shown + move.advanceMs : 'setTo' in move ? move.setTo : move.freezeAt;
      await this.#stepTo(this.clock.line() + Math.max(0, target - shown));
      this.clock.show(target);
      if ('freezeAt' in move) this.clock.freeze();
      this.clock.go();
    }
    this.#arm();
    await this.recorder.record({ kind: 'clock', ...this.clock.state() });
  }

  async #stepTo(target: number): Promise<void> {
    for (let due = this.queue.nextDue; due !== undefined && due <= target; due = this.queue.nextDue) {
      const together = this.queue.takeUntil(Math.min(target, due + TOGETHER_MS));
      this.#forwardTo(together.at(-1)?.due ?? due);
      for (const { job } of together) this.start(job);
      await this.idle();
    }
    this.#forwardTo(target);
  }

  #forwardTo(line: number): void {
    this.clock.forward(Math.max(0, line - this.clock.line()));
  }

  #arm(): void {
    const due = this.queue.nextDue;
    if (due === undefined || this.clock.stopped) {
      this.alarm.clear();
      return;
    }
    this.alarm.set(Math.max(0, due - this.clock.line()), () => {
      if (this.clock.stopped) return;
      for (const { job } of this.queue.takeUntil(this.clock.line())) this.start(job);
      this.#arm();
    });
  }
}
