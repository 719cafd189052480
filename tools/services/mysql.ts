/** A private MariaDB or MySQL server with the accounts and schemas of both apps. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Binaries } from './binaries.ts';
import type { ServiceSecrets } from './secrets.ts';
import { runOnce } from './run-once.ts';
import { Supervised } from './supervised.ts';

export const PAY_SCHEMA = 'paypair_pay';
export const ORDER_SCHEMA = 'paypair_order';

/** How many connections the server takes. */
export const MAX_CONNECTIONS = 300;

/** A socket's path may be at most 107 bytes long on Linux, less elsewhere. */
const LONGEST_SOCKET_PATH = 100;

export interface MysqlOptions {
  binaries: Pick<Binaries, 'mysqld' | 'installDb'>;
  /** Data, socket and pid file live here. */
  dir: string;
  logFile: string;
  port: number;
  secrets: ServiceSecrets;
}

/**
 * SQL that makes accounts and schemas what they should be, however often it runs. Each app may use its own schema only.
 * @param host where clients come from, as the server sees them
 */
export function accountStatements(secrets: ServiceSecrets, host: string): string[] {
  const account = (user: string, password: string): string[] => [
    `CREATE USER IF NOT EXISTS '${user}'@'${host}' IDENTIFIED BY '${password}'`,
    `ALTER USER '${user}'@'${host}' IDENTIFIED BY '${password}'`,
  ];
  const app = (user: string, password: string, schema: string): string[] => [
    `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4`,
    ...account(user, password),
    `GRANT ALL ON ${schema}.* TO '${user}'@'${host}'`,
  ];
  return [
    ...account('root', secrets.mysqlRootPassword),
    `GRANT ALL ON *.* TO 'root'@'${host}' WITH GRANT OPTION`,
    ...app('pay', secrets.payMysqlPassword, PAY_SCHEMA),
    ...app('order', secrets.orderMysqlPassword, ORDER_SCHEMA),
  ];
}

export const mysqlUrl = (user: string, password: string, port: number, schema = ''): string =>
  `mysql://${user}:${password}@127.0.0.1:${port}/${schema}`;

/** Starts the server, after making its data folder if there is none, and waits until both accounts can use it. */
export async function startMysql(options: MysqlOptions): Promise<Supervised> {
  const { binaries, dir, port, secrets } = options;
  const data = join(dir, 'data');
  // Without a name of its own the server would drop its rights to a user who may not read this folder.
  const asUser = process.getuid?.() === 0 ? ['--user=root'] : [];
  mkdirSync(dir, { recursive: true });
  const temporary = join(dir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  await makeDataFolder(binaries, { data, temporary }, asUser, options.logFile);

  const accounts = join(dir, 'accounts.sql');
  const local = `ALTER USER 'root'@'localhost' IDENTIFIED BY '${secrets.mysqlRootPassword}'`;
  const statements = [...accountStatements(secrets, '127.0.0.1'), local];
  writeFileSync(accounts, statements.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
  const socket = socketPath(dir);
  rmSync(socket, { force: true });

  const server = await Supervised.start({
    name: 'mysql',
    command: binaries.mysqld,
    args: [
      '--no-defaults',
      ...asUser,
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--pid-file=${join(dir, 'server.pid')}`,
      `--init-file=${accounts}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--skip-log-bin',
      '--loose-mysqlx=OFF',
      '--character-set-server=utf8mb4',
      // A committed payment must survive a power cut.
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-lock-wait-timeout=3',
      `--max-connections=${MAX_CONNECTIONS}`,
      // Servers that share a folder remove one another's temporary tables.
      `--tmpdir=${temporary}`,
    ],
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', TZ: 'UTC' },
    dir,
    logFile: options.logFile,
  });
  await server.ready(() => answers(mysqlUrl('order', secrets.orderMysqlPassword, port, ORDER_SCHEMA)), 60_000);
  return server;
}

async function answers(url: string): Promise<boolean> {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  try {
    await connection.query('SELECT 1');
    return true;
  } finally {
    await connection.end();
  }
}

function socketPath(dir: string): string {
  const inside = join(dir, 'mysql.sock');
  if (inside.length <= LONGEST_SOCKET_PATH) return inside;
  return join(tmpdir(), `paypair-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}.sock`);
}

async function makeDataFolder(
  binaries: MysqlOptions['binaries'],
  { data, temporary }: { data: string; temporary: string },
  asUser: string[],
  logFile: string,
) {
  const finished = join(data, '.initialised');
  if (existsSync(finished)) return;
  // Half a data folder (a first start that was cut off) is of no use to anybody.
  rmSync(data, { recursive: true, force: true });
  const isMaria = binaries.installDb !== undefined && binaries.mysqld.endsWith('mariadbd');
  const [command, args] = isMaria
    ? [
        binaries.installDb ?? '',
        ['--no-defaults', ...asUser, `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal'],
      ]
    : [binaries.mysqld, ['--no-defaults', ...asUser, `--datadir=${data}`, '--initialize-insecure']];
  mkdirSync(isMaria ? data : join(data, '..'), { recursive: true });
  await runOnce(command, args, { PATH: process.env['PATH'], TMPDIR: temporary }, logFile);
  writeFileSync(finished, '');
}
