import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { defaultNames } from '#contract';
import { readSettings } from './read-settings.ts';
import { settings } from './settings.ts';
import { SettingsError } from './settings-error.ts';
import { exchangesApart, queuesApart, topologyNames } from './topology-names.ts';

const schema = z.object({
  PAY_PORT: settings.port(3001),
  PAY_MYSQL_URL: settings.mysqlUrl(),
  PUBLIC_PAY_URL: settings.httpUrl(),
  PAY_LINK_SECRET: settings.secret(32),
  WITHIN_SECONDS: settings.seconds(1800, { min: 60, max: 86_400 }),
  NOTIFY_CROSS_CHECK: settings.choice(['always', 'never']),
  DEMO: settings.flag(false),
  LOG_LEVEL: settings.logLevel(),
  TRUST_PROXY: settings.trustProxy(),
  AUTH_JWKS_URL: settings.httpUrl().optional(),
  ...settings.topologyNames,
});
const secret = 'TESTONLY-0123456789abcdef0123456789abcdef';
const good = {
  PAY_MYSQL_URL: 'mysql://pay:TESTONLYpw@127.0.0.1:3306/paypair_pay',
  PUBLIC_PAY_URL: 'https://pay.example.test/',
  PAY_LINK_SECRET: secret,
};

const refused = (env: Record<string, string>): SettingsError => {
  try {
    readSettings('pay', schema, env);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
};
const namesOf = (error: SettingsError): string[] => error.problems.map(({ name }) => name);

describe('readSettings', () => {
  it('gives typed values and defaults', () => {
    const values = readSettings('pay', schema, {
      ...good,
      DEMO: '1',
      TRUST_PROXY: '10.0.0.0/8, 127.0.0.1',
      PAY_PORT: '',
    });
    expect(values).toMatchObject({
      PAY_PORT: 3001,
      PUBLIC_PAY_URL: 'https://pay.example.test',
      WITHIN_SECONDS: 1800,
      NOTIFY_CROSS_CHECK: 'always',
      DEMO: true,
      LOG_LEVEL: 'info',
      TRUST_PROXY: ['10.0.0.0/8', '127.0.0.1'],
    });
    expect(values.AUTH_JWKS_URL).toBeUndefined();
    expect(topologyNames(values)).toEqual(defaultNames);
  });

  it('freezes them deeply', () => {
    const values = readSettings('pay', schema, { ...good, TRUST_PROXY: '10.0.0.0/8' });
    expect(Object.isFrozen(values)).toBe(true);
    expect(Object.isFrozen(values.TRUST_PROXY)).toBe(true);
  });

  it('names every bad variable at once, with a repair and never a value', () => {
    const env = {
      PAY_PORT: '70000',
      PAY_MYSQL_URL: 'postgres://pay:hunter2@db/pay',
      PAY_LINK_SECRET: 'tooshort-hunter2',
      WITHIN_SECONDS: '-5',
      NOTIFY_CROSS_CHECK: 'sometimes',
      DEMO: 'perhaps',
      LOG_LEVEL: 'loud-hunter2',
      MQ_PAY_QUEUE: 'amq.hunter2',
    };
    const error = refused(env);
    expect(namesOf(error)).toEqual([
      'PAY_PORT',
      'PAY_MYSQL_URL',
      'PUBLIC_PAY_URL',
      'PAY_LINK_SECRET',
      'WITHIN_SECONDS',
      'NOTIFY_CROSS_CHECK',
      'DEMO',
      'LOG_LEVEL',
      'MQ_PAY_QUEUE',
    ]);
    for (const value of Object.values(env)) expect(error.message).not.toContain(value);
    expect(error.message).toContain('PUBLIC_PAY_URL: is missing. Repair: set it to https://host/path');
    expect(error.message.split('\n')).toHaveLength(10);
    expect(error.message).toMatch(/^ {2}PAY_LINK_SECRET: is shorter than 32 bytes\. Repair: generate one, .*openssl/m);
  });

  it.each([
    ['a placeholder', { PAY_LINK_SECRET: 'change-me-change-me-change-me-change-me' }, 'still holds a placeholder'],
    ['a placeholder inside an address', { PAY_MYSQL_URL: 'mysql://pay:changeme@db/pay' }, 'still holds a placeholder'],
    ['a line break', { PAY_LINK_SECRET: `${secret}\n` }, 'contains a line break'],
    ['a space at the end', { PAY_LINK_SECRET: `${secret} ` }, 'begins or ends with a space'],
    ['no schema in the address', { PAY_MYSQL_URL: 'mysql://pay:pw@db' }, 'is not of the form mysql://'],
    ['no scheme', { PUBLIC_PAY_URL: 'pay.example.test' }, 'is not of the form https://'],
    ['a script as address', { PUBLIC_PAY_URL: 'javascript:alert(1)' }, 'is not of the form https://'],
    ['a login in a base address', { PUBLIC_PAY_URL: 'https://user:pw@x.test/' }, 'is not of the form https://'],
    ['a password that cannot be decoded', { PAY_MYSQL_URL: 'mysql://pay:p%zz@db/pay' }, 'is not of the form mysql://'],
    ['a proxy that is no address', { TRUST_PROXY: '10.0.0.0/8, 999.1.1.1' }, 'is not a list of addresses'],
    ['a proxy network that is too narrow', { TRUST_PROXY: '10.0.0.0/33' }, 'is not a list of addresses'],
    ['a list of proxies that ends in nothing', { TRUST_PROXY: '10.0.0.1,' }, 'is not a list of addresses'],
    ['a query in a base address', { PUBLIC_PAY_URL: 'https://x.test/?a=1' }, 'is not of the form https://'],
    ['a fraction', { WITHIN_SECONDS: '1.5' }, 'must be a whole number'],
    ['a number in another notation', { WITHIN_SECONDS: '0x100' }, 'must be a whole number'],
    ['a number that is too small', { WITHIN_SECONDS: '59' }, 'must be a whole number from 60'],
  ])('refuses %s', (_what, change, what) => {
    const error = refused({ ...good, ...change });
    expect(namesOf(error)).toEqual(Object.keys(change));
    expect(error.problems[0]?.what).toContain(what);
  });

  it('refuses secrets of local runs and tests in production only', () => {
    const local = {
      PAY_MYSQL_URL: 'mysql://pay:local-only-abc@db/pay',
      PAY_LINK_SECRET: `local-only-${'0'.repeat(32)}`,
    };
    expect(() => readSettings('pay', schema, { ...good, ...local, NODE_ENV: 'development' })).not.toThrow();
    expect(namesOf(refused({ ...good, ...local, NODE_ENV: 'production' }))).toEqual([
      'PAY_MYSQL_URL',
      'PAY_LINK_SECRET',
    ]);
    expect(namesOf(refused({ ...good, NODE_ENV: 'production' }))).toEqual(['PAY_MYSQL_URL', 'PAY_LINK_SECRET']);
  });

  it.each([
    ['one queue for both apps', { MQ_PAY_QUEUE: 'order.payments' }, 'MQ_PAY_QUEUE'],
    ['a queue named like what stands behind the other', { MQ_PAY_QUEUE: 'order.payments.parked' }, 'MQ_PAY_QUEUE'],
    ['one exchange for both apps', { MQ_ORDER_EXCHANGE: 'payment' }, 'MQ_ORDER_EXCHANGE'],
  ])('refuses %s', (_what, change, name) => {
    const apart = schema.refine(...queuesApart).refine(...exchangesApart);
    expect(() => readSettings('pay', apart, { ...good, ...change })).toThrow(name);
    expect(() => readSettings('pay', apart, { ...good, ...change, PAY_PORT: 'x' })).toThrow(name);
    expect(() => readSettings('pay', apart, good)).not.toThrow();
  });

  it('reports a rule over several variables under the name it is given', () => {
    const together = z
      .object({ DEMO: settings.flag(false), MODE: settings.choice(['development', 'production']) })
      .superRefine(({ DEMO, MODE }, context) => {
        if (DEMO && MODE === 'production')
          context.addIssue({ code: 'custom', path: ['DEMO'], message: 'is for development only' });
      });
    expect(() => readSettings('pay', together, { DEMO: '1', MODE: 'production' })).toThrow(
      /DEMO: is for development only\. Repair: set 1 or 0/,
    );
  });

  describe('NAME_FILE', () => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    let files = 0;
    const file = (text: string): string => {
      const path = join(folder, `value-${(files += 1)}`);
      writeFileSync(path, text);
      return path;
    };
    const { PAY_LINK_SECRET, ...rest } = good;

    afterAll(() => rmSync(folder, { recursive: true }));

    it('is read without byte order mark and without the line break at its end', () => {
      const values = readSettings('pay', schema, { ...rest, PAY_LINK_SECRET_FILE: file(`\uFEFF${secret}\r\n`) });
      expect(values.PAY_LINK_SECRET).toBe(PAY_LINK_SECRET);
    });

    it('is refused when unreadable, empty, or beside the variable itself', () => {
      expect(refused({ ...rest, PAY_LINK_SECRET_FILE: '/nonexistent' }).message).toContain('cannot be read (ENOENT)');
      expect(refused({ ...rest, PAY_LINK_SECRET_FILE: file('\n') }).message).toContain('is empty');
      expect(refused({ ...good, PAY_LINK_SECRET_FILE: file(secret) }).message).toContain('is given twice');
    });
  });
});
