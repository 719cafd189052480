import { isNativeError } from 'node:util/types';

/** The database did not do what it was asked because it could not be asked: try again later, nothing is wrong with the data. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  readonly code = 'DATABASE_AWAY';
}

const codes = new Set([
  'DATABASE_AWAY',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'HANDSHAKE_NO_SSL_SUPPORT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

/** Server errors that speak of the server's state, not of the statement. Numbers are shared by MySQL and MariaDB. */
const numbers = new Set([
  1021, // disk full
  1030, // storage engine trouble
  1040, // too many connections
  1044, // access to the schema denied: a deployment's slip
  1045, // access denied
  1049, // no such schema
  1053, // shutdown in progress
  1077, // normal shutdown
  1079, // shutdown complete
  1114, // table full
  1129, // host blocked
  1146, // no such table: not migrated yet
  1152, // aborted connection
  1158, // network read
  1159, // network read time-out
  1160, // network write
  1161, // network write time-out
  1184, // aborted connection
  1203, // user has too many connections
  1226, // user's resource limit
  1290, // read-only after a failover
  1317, // statement killed
  1792, // read-only transaction
  1836, // read-only mode
  1927, // connection killed
  1969, // MariaDB: statement deadline
  2002,
  2003,
  2006,
  2013,
  3024, // MySQL: statement deadline
  4031, // disconnected for inactivity
]);

const messages =
  /Connection is not established|Pool is closed|Queue limit reached|No connections available|connection is in closed state|Connection lost|connect ETIMEDOUT/i;

/**
 * Whether an error says that MySQL (or the way to it) is in trouble, so that the same work may succeed later, unchanged.
 * Not for deadlocks and lock waits: those are retried where they happen, and then are an error of their own.
 */
export function isInfrastructureTrouble(error: unknown): boolean {
  for (let current = error, depth = 0; depth < 5 && isNativeError(current); depth += 1) {
    const { code, errno, driverError, errors } = current as Error & {
      code?: unknown;
      errno?: unknown;
      driverError?: unknown;
      errors?: unknown;
    };
    if (typeof code === 'string' && codes.has(code)) return true;
    if (typeof errno === 'number' && numbers.has(errno)) return true;
    if (messages.test(current.message)) return true;
    if (Array.isArray(errors) && errors.length > 0) return errors.some(isInfrastructureTrouble);
    current = driverError ?? current.cause;
  }
  return false;
}

/** Number of the server's error, looked up through TypeORM's wrapping. */
export function serverErrorOf(error: unknown): number | undefined {
  const { errno, driverError } = (error ?? {}) as { errno?: unknown; driverError?: { errno?: unknown } };
  const number = typeof errno === 'number' ? errno : driverError?.errno;
  return typeof number === 'number' ? number : undefined;
}

/** A row with the same unique key exists (1062). */
export const isDuplicate = (error: unknown): boolean => serverErrorOf(error) === 1062;
