/** Accounts and rights at the broker, in the form RabbitMQ imports: each app can write to its own exchange only. */
import { createHash, randomBytes } from 'node:crypto';
import type { ServiceSecrets } from './secrets.ts';
import type { TopologyNames } from '#contract';

export const VHOST = 'paypair';

/** RabbitMQ's stored form: base64(salt ‖ SHA-256(salt ‖ password)), www.rabbitmq.com/docs/passwords. */
function passwordHash(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

const literal = (name: string): string => name.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
const oneOf = (...patterns: string[]): string => `^(${patterns.join('|')})$`;

/**
 * Rights of one app as regular expressions.
 *
 * Both sides declare both exchanges and both inboxes (`configure`), and binding an inbox needs `write` on the queue and
 * `read` on the exchange. Retries, time-outs, requests and replies go through the default exchange (`amq.default`).
 * What neither may do is write to the other's exchange.
 */
export function permissionsOf(
  app: 'pay' | 'order',
  names: TopologyNames,
): { configure: string; write: string; read: string } {
  const exchanges = [literal(names.paymentExchange), literal(names.orderExchange)];
  const own = app === 'pay' ? literal(names.paymentExchange) : literal(names.orderExchange);
  // The queues of `pay` and `order` with those derived from them, and queues the broker names for one process.
  const queues = [...[names.payQueue, names.orderQueue].map((name) => `${literal(name)}(\\..+)?`), 'amq\\.gen.*'];
  return {
    configure: oneOf(...exchanges, ...queues),
    write: oneOf(own, 'amq\\.default', ...queues),
    read: '.*',
  };
}

/** A definitions file (`load_definitions`, `rabbitmqctl import_definitions`); importing it again changes nothing. */
export function rabbitDefinitions(secrets: ServiceSecrets, names: TopologyNames): object {
  const user = (name: string, password: string, tags: string[]) => ({
    name,
    password_hash: passwordHash(password),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
    limits: {},
  });
  const everything = { configure: '.*', write: '.*', read: '.*' };
  return {
    users: [
      user('admin', secrets.amqpAdminPassword, ['administrator']),
      user('pay', secrets.payAmqpPassword, []),
      user('order', secrets.orderAmqpPassword, []),
    ],
    vhosts: [{ name: VHOST }],
    permissions: [
      { user: 'admin', vhost: VHOST, ...everything },
      { user: 'pay', vhost: VHOST, ...permissionsOf('pay', names) },
      { user: 'order', vhost: VHOST, ...permissionsOf('order', names) },
    ],
  };
}
