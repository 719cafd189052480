/** Reusable pieces of a configuration schema: each reads the text of one environment variable. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { defaultNames } from '#contract';

const digits = /^[0-9]{1,15}$/;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(digits, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be a whole number from ${min} to ${max}`).max(max, `must be at most ${max}`));

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** Name, password and path stand percent-encoded in an address; what cannot be decoded would fail only when used. */
function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    return [username, password, pathname].map(decodeURIComponent).length > 0;
  } catch {
    return false;
  }
}

const url = (protocols: readonly string[], example: string, check: (url: URL) => boolean = () => true) =>
  z
    .string()
    .refine((text) => {
      const parsed = parseUrl(text);
      return (
        parsed !== undefined &&
        protocols.includes(parsed.protocol) &&
        parsed.hostname !== '' &&
        isDecodable(parsed) &&
        check(parsed)
      );
    }, `is not of the form ${example}`)
    .describe(`set it to ${example}`);

const isProxyAddress = (text: string): boolean => {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isPrefix = prefix === undefined || (/^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= bits);
  return /^(loopback|linklocal|uniquelocal)$/.test(text) || (isIP(address) !== 0 && isPrefix && rest.length === 0);
};

/** Name of an exchange or a queue: RabbitMQ reserves `amq.`. */
const brokerName = z
  .string()
  .regex(/^(?!amq\.)[A-Za-z0-9_.:-]{1,100}$/, 'must be 1 to 100 of A-Z a-z 0-9 _ . : - and not begin with amq.')
  .describe('choose a short plain name, or leave it out');

export const settings = {
  /** A TCP port; 0 lets the system choose. */
  port: (fallback: number) =>
    whole(0, 65_535).default(fallback).describe(`set a free port from 1 to 65535, or leave it out for ${fallback}`),
  /** Address to listen on. Loopback unless a deployment says otherwise. */
  host: () =>
    z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,255}$/, 'is not a host name or an IP address')
      .default('127.0.0.1')
      .describe('set an address of this machine, for example 127.0.0.1 or 0.0.0.0'),
  mysqlUrl: () =>
    url(['mysql:', 'mariadb:'], 'mysql://user:password@host:3306/database', ({ pathname }) =>
      /^\/[^/]+$/.test(pathname),
    ),
  amqpUrl: () => url(['amqp:', 'amqps:'], 'amqp://user:password@host:5672/vhost'),
  redisUrl: () => url(['redis:', 'rediss:'], 'redis://host:6379/0'),
  /** An http(s) address without query, fragment or login; given back without a slash at its end. */
  httpUrl: () =>
    url(
      ['http:', 'https:'],
      'https://host/path',
      ({ search, hash, username, password }) => search + hash + username + password === '',
    ).transform((text) => text.replace(/\/+$/, '')),
  /** The address of a host, without a path: an app's links, cookies and pages begin at its root. */
  siteUrl: () =>
    url(
      ['http:', 'https:'],
      'https://host',
      ({ pathname, search, hash, username, password }) =>
        /^\/*$/.test(pathname) && search + hash + username + password === '',
    ).transform((text) => text.replace(/\/+$/, '')),
  /** A secret of at least `minBytes` bytes. */
  secret: (minBytes: number) =>
    z
      .string()
      .refine((text) => Buffer.byteLength(text) >= minBytes, `is shorter than ${minBytes} bytes`)
      .describe(`generate one, for example: openssl rand -hex ${Math.max(minBytes, 32)}`),
  /** A whole number of seconds. */
  seconds: (fallback: number, { min, max }: { min: number; max: number }) =>
    whole(min, max)
      .default(fallback)
      .describe(`set whole seconds from ${min} to ${max}, or leave it out for ${fallback}`),
  /** `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`. */
  flag: (fallback: boolean) =>
    z
      .string()
      .regex(/^(1|0|true|false|yes|no|on|off)$/i, 'is neither 1 nor 0')
      .transform((text) => /^(1|true|yes|on)$/i.test(text))
      .default(fallback)
      .describe('set 1 or 0, or leave it out'),
  /** One of a few words; the first is the default. */
  choice: <const T extends readonly [string, ...string[]]>(words: T) =>
    z
      .enum(words, `must be one of ${words.join(', ')}`)
      .default(words[0] as never)
      .describe(`set one of ${words.join(', ')}`),
  logLevel: () =>
    z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'is not a log level')
      .default('info')
      .describe('set one of fatal, error, warn, info, debug, trace, silent'),
  /** Addresses or networks of proxies whose `X-Forwarded-*` is believed, separated by commas. Nobody by default. */
  trustProxy: () =>
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .refine((parts) => parts.every(isProxyAddress), 'is not a list of addresses or networks')
      .optional()
      .describe('list the addresses of your proxies, for example 10.0.0.0/8, or leave it out'),
  /** Names of exchanges and queues, to be spread into the schema; {@link topologyNames} turns them into one value. */
  topologyNames: {
    MQ_PAYMENT_EXCHANGE: brokerName.default(defaultNames.paymentExchange),
    MQ_ORDER_EXCHANGE: brokerName.default(defaultNames.orderExchange),
    MQ_ORDER_QUEUE: brokerName.default(defaultNames.orderQueue),
    MQ_PAY_QUEUE: brokerName.default(defaultNames.payQueue),
  },
} as const;
