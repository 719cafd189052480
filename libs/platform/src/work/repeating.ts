import { Logger } from '@nestjs/common';

/**
 * Runs a job at most once at a time and lets a shutdown wait for it. Put it behind `@Interval`: Nest's scheduler starts
 * the next run while the last one still works, and on shutdown stops its timers without waiting for what runs.
 */
export class OneAtATime {
  private readonly logger: Logger;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly name: string,
    private readonly job: () => Promise<unknown>,
  ) {
    this.logger = new Logger(name);
  }

  /** Runs the job unless it runs already or was stopped. Never rejects: a failure is logged, the next run tries again. */
  run(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.running ??= this.attempt();
    return this.running;
  }

  /** No run begins any more; settles when the one in progress is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async attempt(): Promise<void> {
    try {
      await this.job();
    } catch (error) {
      this.logger.error(error, `${this.name} failed`);
    } finally {
      this.running = undefined;
    }
  }
}

/**
 * Repeats a job with `everyMs` between the end of one run and the start of the next, ± 10 % so that several instances
 * do not march in step. Never overlaps; `stop()` waits for the run in progress.
 */
export class Repeating {
  private readonly once: OneAtATime;
  private timer: NodeJS.Timeout | undefined;
  private active = false;

  constructor(
    private readonly options: { name: string; everyMs: number },
    job: () => Promise<unknown>,
  ) {
    this.once = new OneAtATime(options.name, job);
  }

  start(): void {
    if (this.active) return;
    this.active = true;
    this.schedule();
  }

  /** Runs now if nothing runs; the rhythm goes on from its end. */
  async trigger(): Promise<void> {
    clearTimeout(this.timer);
    await this.once.run();
    if (this.active) this.schedule();
  }

  async stop(): Promise<void> {
    this.active = false;
    clearTimeout(this.timer);
    await this.once.stop();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const delay = this.options.everyMs * (0.9 + Math.random() * 0.2);
    this.timer = setTimeout(() => void this.trigger(), delay);
  }
}
