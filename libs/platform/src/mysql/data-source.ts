import { DataSource, type DataSourceOptions } from 'typeorm';
import { boundedDriver } from './pool.ts';
import { QuietTypeOrm } from './typeorm-logger.ts';

export interface DatabaseOptions {
  /** `mysql://user:password@host:3306/database` */
  url: string;
  entities?: DataSourceOptions['entities'];
  migrations?: DataSourceOptions['migrations'];
  /** Connections; 20 if absent. */
  poolSize?: number;
}

const ACQUIRE_WITHIN_MS = 2_000;
const STATEMENT_WITHIN_MS = 5_000;
/** Unused connections are given up before the server does it, which may come in between. */
const IDLE_MS = 30_000;
/** Callers waiting for a connection; more would only wait in vain. */
const MAX_WAITING = 500;

/**
 * A data source that is not connected yet. Every session is READ COMMITTED (a plain read sees what is committed, and a
 * later conditional UPDATE the same), UTC, strict and utf8mb4; big integers come as text; times are read and written as
 * UTC; waiting for a connection ends after 2 s, a statement after 5 s, a lock wait after 3 s, and a transaction that nobody goes
 * on with after 15 s (MySQL: a minute).
 */
export const createDataSource = (options: DatabaseOptions): DataSource =>
  new DataSource(dataSourceOptions(options, STATEMENT_WITHIN_MS));

/** The same for migrations: no deadline for a statement, two connections. */
export const createMigrationSource = ({ options }: DataSource): DataSource =>
  new DataSource({
    ...options,
    driver: boundedDriver({ acquireWithinMs: ACQUIRE_WITHIN_MS, statementWithinMs: undefined }),
    poolSize: 2,
  } as DataSourceOptions);

/** A connected data source. @throws when MySQL is away; an app that has to wait for it uses `MysqlModule` */
export const openDataSource = async (options: DatabaseOptions): Promise<DataSource> =>
  createDataSource(options).initialize();

function dataSourceOptions(
  { url, entities = [], migrations = [], poolSize = 20 }: DatabaseOptions,
  statementWithinMs: number,
): DataSourceOptions {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    type: 'mysql',
    driver: boundedDriver({ acquireWithinMs: ACQUIRE_WITHIN_MS, statementWithinMs }),
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 3306 : Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: 3_000,
    poolSize,
    // mysql2 looks at `idleTimeout` only when not all connections may idle.
    extra: { queueLimit: MAX_WAITING, enableKeepAlive: true, maxIdle: Math.max(1, poolSize - 1), idleTimeout: IDLE_MS },
    entities,
    migrations,
    synchronize: false,
    logging: false,
    logger: new QuietTypeOrm(),
  };
}
