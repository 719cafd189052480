import { isNativeError } from 'node:util/types';
import { pino, type DestinationStream, type Logger, type LevelWithSilent } from 'pino';
import { scrub, scrubError } from './scrub.ts';

/**
 * One JSON object per line on standard output (so no text can begin a line of its own): `time` in ISO 8601, `level` as a
 * word, `app`, `pid`. Secrets are masked by name at any depth.
 */
export const createLogger = (app: string, level: LevelWithSilent, destination?: DestinationStream): Logger => {
  const options = {
    level,
    base: { app, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (members: Record<string, unknown>) => scrub(members) as Record<string, unknown>,
    },
    serializers: { err: (error: unknown) => (isNativeError(error) ? scrubError(error) : error) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
};
