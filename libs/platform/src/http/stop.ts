import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { fastifyOf } from './fastify-of.ts';
import { Shutdown } from '../work/shutdown.ts';

/** Everything ends within this; what Kubernetes and Compose wait for by default is longer or equal. */
const CLOSE_WITHIN_MS = 10_000;
/** Requests in progress get this long; then their connections are cut, so that there is time left to drain. */
const REQUESTS_WITHIN_MS = 6_000;

/**
 * Leaves in order: readiness 503 → consumers and schedules stop → requests finish, the server closes → batches and
 * outbox drain → connections close. What does not finish in time is abandoned: every step survives a kill.
 */
export async function closeWithin(
  app: NestFastifyApplication,
  logger: Logger,
  closeWithinMs = CLOSE_WITHIN_MS,
): Promise<void> {
  app.get(Shutdown).begin();
  const { server } = fastifyOf(app);
  const timers = [
    setTimeout(() => server.closeAllConnections(), Math.min(REQUESTS_WITHIN_MS, closeWithinMs)),
    setInterval(() => server.closeIdleConnections(), 100),
  ];
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    deadline = setTimeout(() => resolve('late'), closeWithinMs);
  });
  try {
    const outcome = await Promise.race([app.close(), late]);
    if (outcome === 'late') logger.error({ event: 'stop.late' }, 'not everything stopped in time; leaving anyway');
  } finally {
    timers.forEach((timer) => clearTimeout(timer));
    clearTimeout(deadline);
  }
}

/** A terminal and a launcher may both pass on one Ctrl-C: a signal this soon after the first is the same one. */
const SAME_SIGNAL_MS = 500;

/** First SIGTERM or SIGINT: close and exit 0. A second one: exit at once. */
export function stopOnSignals(shutdown: Shutdown, close: () => Promise<void>, logger: Logger): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    firstAt = performance.now();
    shutdown.begin();
    logger.info({ event: 'stopping', signal }, `stopping on ${signal}`);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
