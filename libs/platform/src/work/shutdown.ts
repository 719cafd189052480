import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

/**
 * Order of leaving. Between `intake` and `drain` the HTTP server finishes its requests and closes.
 * - `intake`: stop what brings new work: consumers, schedules, open event streams.
 * - `drain`: finish what was taken: batches, messages not confirmed yet.
 * - `connections`: MySQL, Redis, RabbitMQ.
 */
export type ShutdownPhase = 'intake' | 'drain' | 'connections';

/** What happens, in which order, when the process is told to stop. Available everywhere through `PlatformModule`. */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('shutdown');
  private readonly hooks: Record<ShutdownPhase, { name: string; run: () => unknown }[]> = {
    intake: [],
    drain: [],
    connections: [],
  };
  private begun = false;

  /** True from the first signal on: readiness answers 503. */
  get isShuttingDown(): boolean {
    return this.begun;
  }

  /** Registers a step. The steps of a phase run side by side; one that fails is logged and stops no other. */
  on(phase: ShutdownPhase, name: string, run: () => unknown): void {
    this.hooks[phase].push({ name, run });
  }

  begin(): void {
    this.begun = true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.begin();
    await this.runPhase('intake');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runPhase('drain');
    await this.runPhase('connections');
  }

  private async runPhase(phase: ShutdownPhase): Promise<void> {
    const hooks = this.hooks[phase].splice(0);
    await Promise.all(
      hooks.map(async ({ name, run }) => {
        try {
          await run();
        } catch (error) {
          this.logger.error(error, `${phase}: ${name} failed`);
        }
      }),
    );
  }
}
