import { CannotStart, projectRoot, readSettings, settings } from '#platform';
import { resolve } from 'node:path';
import { z } from 'zod';

const commaSeparated = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item));

const schema = z.object({
  LOG_LEVEL: settings.logLevel(),
  HOST: settings.host(),
  SIMULATOR_PORT: settings.port(3003),
  SIMULATOR_TLS_PORT: settings.port(0).describe('set a free port, or leave it out for any'),
  SIMULATOR_CONTROL_TOKEN: settings.secret(16),
  SIMULATOR_DATA_DIR: z.string().default('.local/simulator').describe('set a folder this user can write to'),
  SIMULATOR_NOTIFY_ALLOW: commaSeparated(z.url({ protocol: /^https?$/, error: 'is not a list of http(s) addresses' }))
    .default([])
    .describe('list the addresses that may be notified, separated by commas, for example http://pay:3001/'),
  SIMULATOR_HOSTS: commaSeparated(z.string().regex(/^[A-Za-z0-9.-]{1,255}$/, 'is not a list of host names'))
    .default([])
    .describe('list further host names for /phone and /control, separated by commas'),
  SIMULATOR_MIN_EXPIRE_SECONDS: settings.seconds(60, { min: 0, max: 3600 }),
  SIMULATOR_CLOSE_AFTER_SECONDS: settings.seconds(0, { min: 0, max: 3600 }),
  SIMULATOR_NOTIFY_SCHEDULE: settings.choice(['current', 'legacy']).default('current'),
  SIMULATOR_REFUND_SECONDS: settings.seconds(10, { min: 0, max: 31_622_400 }),
  SIMULATOR_REFUND_NOTIFY_URL: settings.httpUrl().optional(),
  SIMULATOR_SCAN_URL: settings.httpUrl().optional(),
  SIMULATOR_MERCHANT_NAME: z.string().min(1).max(64).default('Paypair 演示商店'),
  WECHAT_APPID: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,32}$/, 'is not an appid')
    .describe('set the appid that your app sends'),
  WECHAT_APP_APPID: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,32}$/, 'is not an appid')
    .optional()
    .describe('set the appid that your mobile app pays with, or leave it out'),
  WECHAT_MINI_APPID: z
    .string()
    .regex(/^[0-9A-Za-z_-]{1,32}$/, 'is not an appid')
    .optional()
    .describe('set the appid of your mini-program, or leave it out'),
  WECHAT_OAUTH_SECRET: settings.secret(16).optional(),
  SIMULATOR_PUBLIC_URL: settings.httpUrl().optional(),
  WECHAT_MCH_ID: z
    .string()
    .regex(/^[0-9]{1,32}$/, 'is not a merchant number')
    .describe('set the merchant number that your app sends'),
  WECHAT_API_KEY: settings.secret(32),
});

export type SimulatorSettings = ReturnType<typeof readSimulatorSettings>;

/** @throws CannotStart naming every bad variable, or saying that this is no place for a simulator */
export function readSimulatorSettings(env: NodeJS.ProcessEnv = process.env) {
  if (env['NODE_ENV'] === 'production') {
    throw new CannotStart(
      'wechat-simulator does not start: it only pretends that money moves, so it refuses NODE_ENV=production. ' +
        'Repair: point WECHAT_API_BASE_URL at WeChat Pay and leave the simulator out, or set NODE_ENV=development.',
    );
  }
  const read = readSettings('wechat-simulator', schema, env);
  return { ...read, SIMULATOR_DATA_DIR: resolve(projectRoot, read.SIMULATOR_DATA_DIR) };
}
