/** Where the servers' programs are on this machine, and which Debian packages hold those that are missing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders beside PATH: servers are often outside an ordinary user's PATH. */
const EXTRA_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/libexec',
  '/opt/homebrew/sbin',
  '/opt/homebrew/bin',
];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The first of `names` that is installed, as a full path. */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...EXTRA_FOLDERS];
  return names
    .flatMap((name) => (name.startsWith('/') ? [name] : folders.map((dir) => join(dir, name))))
    .find(isProgram);
}

export interface Binaries {
  mysqld: string;
  /** Makes MariaDB's first data folder; MySQL's server does that itself. */
  installDb: string | undefined;
  redis: string;
  rabbitmq: string;
  /** Erlang's port mapper; RabbitMQ starts one by itself, but we want to end it with everything else. */
  epmd: string;
}

/** What is installed, or the Debian packages to install. */
export function findBinaries(): { found: Binaries } | { missing: string[] } {
  const mysqld = findProgram('mariadbd', 'mysqld');
  const installDb = findProgram('mariadb-install-db', 'mysql_install_db');
  const redis = findProgram('redis-server', 'valkey-server');
  // Debian's wrapper in /usr/sbin changes user and folder and serves the machine's own broker only.
  const rabbitmq = findProgram(
    '/usr/lib/rabbitmq/bin/rabbitmq-server',
    '/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server',
  );
  const epmd = findProgram('epmd');
  const missing: string[] = [];
  if (!mysqld) missing.push('mariadb-server-core', 'mariadb-client-core');
  if (!redis) missing.push('redis-server');
  if (!rabbitmq || !epmd) missing.push('rabbitmq-server');
  if (mysqld && redis && rabbitmq && epmd) return { found: { mysqld, installDb, redis, rabbitmq, epmd } };
  return { missing };
}
