/** MySQL, Redis and RabbitMQ as they answer now. */
import { messagesWaiting, probeMysql, probeRabbitmq, probeRedis, reasonOf } from '../services/probe.ts';
import type { ServiceUrls } from '../services/services.ts';
import { ok, warning, wrong, type Finding } from './finding.ts';
import { timeoutDelay, type TopologyNames } from '#contract';

const OLDEST = { mariadb: [10, 6], mysql: [8, 0], rabbitmq: [3, 10] } as const;
const MOST_CLOCK_DIFFERENCE_MS = 1_000;

export async function servers(urls: ServiceUrls): Promise<Finding[]> {
  const all = await Promise.all([
    mysql('pay', urls.payMysqlUrl),
    mysql('order', urls.orderMysqlUrl),
    redis(urls.redisUrl),
    rabbitmq('pay', urls.payAmqpUrl),
    rabbitmq('order', urls.orderAmqpUrl),
  ]);
  return all.flat();
}

async function mysql(app: string, url: string): Promise<Finding[]> {
  const name = `${app.toUpperCase()}_MYSQL_URL`;
  try {
    const { version, flushLogAtCommit, clockAheadMs } = await probeMysql(url);
    const kind = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
    const findings = [
      isAtLeast(version, OLDEST[kind])
        ? ok(`database of ${app}: ${kind} ${version}`)
        : wrong(`database of ${app}: ${kind} ${version} is too old`, `use ${kind} ${OLDEST[kind].join('.')} or newer`),
    ];
    if (flushLogAtCommit !== 1) {
      const what = `innodb_flush_log_at_trx_commit is ${flushLogAtCommit} on the database of ${app}`;
      findings.push(wrong(`${what}: a power cut can lose a payment that WeChat was told is booked`, 'set it to 1'));
    }
    const clock = `clock of the database of ${app} differs by ${clockAheadMs} ms`;
    const near = Math.abs(clockAheadMs) <= MOST_CLOCK_DIFFERENCE_MS;
    findings.push(near ? ok(clock) : warning(clock, 'deadlines follow the database: synchronise both clocks (NTP)'));
    return findings;
  } catch (error) {
    return [wrong(`${name} does not answer: ${reasonOf(error)}`, 'start the server, or correct the variable')];
  }
}

async function redis(url: string): Promise<Finding[]> {
  try {
    const { version, policy } = await probeRedis(url);
    const findings = [ok(`Redis ${version}`)];
    if (policy !== 'noeviction') {
      const what = `Redis may throw keys away (maxmemory-policy ${policy})`;
      findings.push(warning(what, 'set maxmemory-policy noeviction; otherwise more work falls to MySQL'));
    }
    return findings;
  } catch (error) {
    const what = `REDIS_URL does not answer: ${reasonOf(error)}`;
    return [warning(what, 'start Redis; without it everything works from MySQL, only slower')];
  }
}

async function rabbitmq(app: string, url: string): Promise<Finding[]> {
  try {
    const { version } = await probeRabbitmq(url);
    if (isAtLeast(version, OLDEST.rabbitmq)) return [ok(`RabbitMQ ${version} lets ${app} in`)];
    return [
      wrong(
        `RabbitMQ ${version} is too old`,
        `use ${OLDEST.rabbitmq.join('.')} or newer (quorum queues that dead-letter safely)`,
      ),
    ];
  } catch (error) {
    const what = `${app.toUpperCase()}_AMQP_URL does not answer: ${reasonOf(error)}`;
    return [wrong(what, 'start RabbitMQ, or correct the variable (account, password, vhost)')];
  }
}

/** Queues of earlier values of `ORDER_PAY_WITHIN_SECONDS` drain by themselves; until then they are worth knowing of. */
export async function oldTimeoutQueues(
  url: string,
  names: TopologyNames,
  currentSeconds: number,
  seenSeconds: readonly number[],
): Promise<Finding[]> {
  const old = seenSeconds.filter((seconds) => seconds !== currentSeconds);
  const findings = await Promise.all(
    old.map(async (seconds) => {
      const { name } = timeoutDelay(names, seconds * 1000);
      const waiting = await messagesWaiting(url, name).catch(() => undefined);
      if (waiting === undefined) return [];
      if (waiting === 0)
        return [
          warning(
            `time-out queue ${name} of an earlier setting is empty`,
            `delete it: rabbitmqctl delete_queue ${name}`,
          ),
        ];
      return [
        ok(
          `time-out queue ${name} of an earlier setting still holds ${waiting} messages and drains within ${seconds} s`,
        ),
      ];
    }),
  );
  return findings.flat();
}

function isAtLeast(version: string, oldest: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}
