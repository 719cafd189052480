/** `npm run simulator`: the WeChat Pay simulator alone, until Ctrl-C. */
import { runCommand, say } from './command.ts';
import { randomSecret } from './services/secrets.ts';
import { LocalEnv } from './stack/local-env.ts';
import { LOCAL } from './stack/paths.ts';

const HELP = `
npm run simulator: starts the WeChat Pay simulator alone, for trying any WeChat Pay SDK (API v2).

  SIMULATOR_PORT and SIMULATOR_TLS_PORT choose other ports than 3003 and 3443.
  WECHAT_APPID, WECHAT_APP_APPID, WECHAT_MCH_ID and WECHAT_API_KEY name the merchant it knows, WECHAT_OAUTH_SECRET is
  the secret of its official account; SIMULATOR_NOTIFY_ALLOW lists the
  addresses it may notify besides this machine. Everything it can do stands in apps/wechat-simulator/README.md.

  What is missing is made up and kept in .local/env. Its ledger and certificates are in .local/simulator.`;

await runCommand(HELP, {}, async () => {
  const local = LocalEnv.open(LOCAL.env);
  const defaults = {
    SIMULATOR_PORT: '3003',
    SIMULATOR_TLS_PORT: '3443',
    SIMULATOR_DATA_DIR: LOCAL.simulator,
    SIMULATOR_CONTROL_TOKEN: await local.ensure('SIMULATOR_CONTROL_TOKEN', randomSecret),
    WECHAT_APPID: 'wx8888888888888888',
    WECHAT_MCH_ID: '1900000109',
    WECHAT_API_KEY: await local.ensure('WECHAT_API_KEY', randomSecret),
    WECHAT_OAUTH_SECRET: await local.ensure('WECHAT_OAUTH_SECRET', randomSecret),
    LOG_LEVEL: 'warn',
  };
  for (const [name, value] of Object.entries(defaults)) {
    if (!process.env[`${name}_FILE`]) process.env[name] ??= value;
  }
  await import('../apps/wechat-simulator/src/main.ts');
  const { SIMULATOR_PORT, SIMULATOR_TLS_PORT, SIMULATOR_DATA_DIR, SIMULATOR_CONTROL_TOKEN } = process.env;
  const { WECHAT_APPID, WECHAT_MCH_ID, WECHAT_API_KEY, WECHAT_OAUTH_SECRET } = process.env;
  say(
    [
      '',
      `  Gateway       https://127.0.0.1:${SIMULATOR_TLS_PORT ?? ''}   everything, refunds included`,
      `                http://127.0.0.1:${SIMULATOR_PORT ?? ''}    everything but refunds`,
      `  Phone         http://127.0.0.1:${SIMULATOR_PORT ?? ''}/phone`,
      `  Control       http://127.0.0.1:${SIMULATOR_PORT ?? ''}/docs   X-Control-Token: ${SIMULATOR_CONTROL_TOKEN ?? ''}`,
      `  Merchant      appid ${WECHAT_APPID ?? ''}, mch_id ${WECHAT_MCH_ID ?? ''}, key ${WECHAT_API_KEY ?? ''}`,
      `  OAuth         secret ${WECHAT_OAUTH_SECRET ?? ''}, as at open.weixin.qq.com and api.weixin.qq.com`,
      `  Certificates  ${SIMULATOR_DATA_DIR ?? ''}/certificates   ca.pem, apiclient_cert.p12 (password: mch_id), .pem`,
      '',
      '  No money moves here. Ctrl-C stops it; the ledger stays.',
    ].join('\n'),
  );
  return 0;
});
