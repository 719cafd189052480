/**
 * The pool under TypeORM, with the bounds mysql2 itself does not have: how long to wait for a connection, how long a
 * statement may take, and what happens to a connection that ran out of time.
 */
import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { DatabaseAway } from './trouble.ts';

export interface PoolBounds {
  /** How long a caller waits for a free connection. */
  acquireWithinMs: number;
  /** How long one statement may take; undefined for migrations, which may take what they need. */
  statementWithinMs: number | undefined;
}

type Callback = (error: NodeJS.ErrnoException | null, connection: PoolConnection) => unknown;
/** The part of mysql2 that TypeORM's driver uses. */
export interface Mysql2Driver {
  createPool: (options: PoolOptions) => Pool;
}

/** A transaction in which nothing is asked for so long has lost its process; no work of ours pauses for half of it. */
const IDLE_TRANSACTION_SECONDS = 15;
/**
 * MySQL knows no such bound, only one for idle sessions. Those in the pool must be younger: see `idleTimeout` in
 * data-source.ts.
 */
const IDLE_SESSION_SECONDS = 60;

/**
 * Set once per connection. `max_statement_time` and `idle_transaction_timeout` are MariaDB's (it reads comments beginning
 * `M!`), `max_execution_time` MySQL's (MariaDB skips comments with a MySQL version of 5.7 or later).
 *
 * The idle bounds are for a machine that vanishes with a transaction open: nobody tells the server, which would keep the
 * rows of that transaction locked for hours. Migrations have none: one session of theirs idles while the other works.
 */
const sessionSql = (statementWithinMs: number | undefined): string =>
  `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 3,
    sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'
    /*M! , max_statement_time = ${(statementWithinMs ?? 0) / 1000} */
    /*!80000 , max_execution_time = ${statementWithinMs ?? 0} */` +
  (statementWithinMs === undefined
    ? ''
    : `/*M! , idle_transaction_timeout = ${IDLE_TRANSACTION_SECONDS} */
    /*!80000 , wait_timeout = ${IDLE_SESSION_SECONDS} */`);

/** mysql2 as TypeORM wants it, with {@link PoolBounds}. Hand it over as the data source's `driver`. */
export const boundedDriver = (bounds: PoolBounds): Mysql2Driver => ({
  createPool(options) {
    const pool = createPool(options);
    pool.on('connection', (connection) => {
      prepare(connection, bounds.statementWithinMs);
    });
    const acquire = pool.getConnection.bind(pool);
    pool.getConnection = (callback) => {
      acquireWithin(acquire, bounds.acquireWithinMs, callback);
    };
    return pool;
  },
});

/** A connection that comes too late goes straight back. */
function acquireWithin(acquire: (callback: Callback) => void, withinMs: number, callback: Callback): void {
  let settled = false;
  const timer = setTimeout(() => {
    settled = true;
    (callback as (error: Error) => unknown)(
      new DatabaseAway(`no connection to MySQL became free within ${withinMs} ms`),
    );
  }, withinMs);
  acquire((error, connection) => {
    clearTimeout(timer);
    if (!settled) {
      settled = true;
      callback(error, connection);
    } else (connection as PoolConnection | undefined)?.release();
  });
}

function prepare(connection: PoolConnection, statementWithinMs: number | undefined): void {
  if (statementWithinMs !== undefined) limitStatements(connection, statementWithinMs);
  const abandon = (error: unknown): void => {
    if (error) connection.destroy();
  };
  // Queued before the caller's first statement: without these settings a connection is not used.
  connection.query(sessionSql(statementWithinMs), abandon);
  connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', abandon);
}

type OnResult = (error: unknown, ...rest: unknown[]) => void;
/** A statement under way; mysql2 has its callback and its timer as these members. */
interface Command {
  onResult?: OnResult;
  queryTimeout?: NodeJS.Timeout | null;
}
type Query = (sql: unknown, ...rest: unknown[]) => Command;

/**
 * The server's own deadline comes first if the server lives; this one is for a server or a network that is silent.
 * mysql2 then reports a time-out but still waits for the answer, and whatever is asked next, a ROLLBACK too, queues
 * behind it for ever. So the connection is given up: the server rolls back when it notices.
 *
 * When a connection breaks, mysql2 answers the statement and forgets its timer, which would answer it once more and keep
 * a stopping process alive until then.
 */
function limitStatements(connection: PoolConnection, withinMs: number): void {
  const timeout = withinMs + 500;
  const query = connection.query.bind(connection) as unknown as Query;
  const limited: Query = (sql, ...rest) => {
    const options = typeof sql === 'string' ? { sql, timeout } : { timeout, ...(sql as object) };
    const command = query(options, ...rest);
    const { onResult } = command;
    if (onResult !== undefined) {
      command.onResult = (error, ...results) => {
        clearTimeout(command.queryTimeout ?? undefined);
        command.queryTimeout = null;
        if ((error as { code?: unknown } | null)?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy();
        onResult(error, ...results);
      };
    }
    return command;
  };
  connection.query = limited as unknown as PoolConnection['query'];
}
