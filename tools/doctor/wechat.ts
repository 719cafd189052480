/** What will be said to WeChat, as far as it can be judged without asking WeChat. */
import { existsSync } from 'node:fs';
import { settingFrom } from '../../libs/platform/src/config/read-settings.ts';
import { isReachable, isSimulator, ok, warning, wrong, type Environment, type Finding } from './finding.ts';
import { ways, WAY_SETTINGS } from './ways.ts';

const V2_KEY_LENGTH = 32;
/** Of the merchant account. */
const SETTINGS = ['WECHAT_API_BASE_URL', 'WECHAT_MCH_ID', 'WECHAT_API_KEY', 'NOTIFY_URL', 'DEMO'];
const CERTIFICATE = ['WECHAT_CERT', 'WECHAT_CERT_KEY', 'WECHAT_CA'];

/** Looks at the settings of the real WeChat; a local run against the simulator has none to look at. */
export function wechat(given: Environment): Finding[] {
  const { env, troubles } = settled(given);
  const base = env['WECHAT_API_BASE_URL'] ?? '';
  if (base === '' && troubles.get('WECHAT_API_BASE_URL') === undefined) return [SIMULATED];
  if (!URL.canParse(base)) return [wrong('WECHAT_API_BASE_URL is not an address', 'set https://api.mch.weixin.qq.com')];
  if (isSimulator(new URL(base))) return [SIMULATED];
  const findings = [...troubles].map(([name, what]) => wrong(`${name} ${what}`, 'give it once, and correct the path'));
  const need = (name: string, fits: (value: string) => boolean, what: string, repair: string) => {
    const value = env[name];
    if (troubles.has(name)) return;
    if (value === undefined) findings.push(wrong(`${name} is not set`, repair));
    else if (!fits(value)) findings.push(wrong(`${name} ${what}`, repair));
    else findings.push(ok(`${name} is set`));
  };
  need(
    'WECHAT_APPID',
    (value) => /^wx[0-9a-f]{16}$/.test(value),
    'does not look like an appid',
    'copy it from your WeChat app: wx and 16 characters',
  );
  need(
    'WECHAT_MCH_ID',
    (value) => /^[0-9]{8,10}$/.test(value),
    'does not look like a merchant number',
    'copy it from pay.weixin.qq.com',
  );
  need(
    'WECHAT_API_KEY',
    (value) => value.length === V2_KEY_LENGTH,
    `is not ${V2_KEY_LENGTH} characters long`,
    'use the API v2 key set in the merchant console',
  );
  need(
    'NOTIFY_URL',
    (value) => URL.canParse(value),
    'is not an address',
    'set https://your.host/weixin/pay/notify/url',
  );
  findings.push(certificate(env));
  if (env['DEMO'] === '1') findings.push(wrong('DEMO=1 with the real WeChat', 'unset DEMO'));
  const notify = env['NOTIFY_URL'];
  if (notify !== undefined && URL.canParse(notify)) findings.push(...notifyAddress(new URL(notify)));
  return [...findings, ...ways(env)];
}

const SIMULATED = ok('WeChat Pay is played by the simulator');

/** The settings as the app reads them, files included, and what is wrong with those that it cannot read. */
function settled(given: Environment): { env: Environment; troubles: Map<string, string> } {
  const env: Environment = {};
  const troubles = new Map<string, string>();
  for (const name of [...SETTINGS, ...CERTIFICATE, ...WAY_SETTINGS]) {
    const { value, trouble } = settingFrom(name, given);
    env[name] = value;
    if (trouble !== undefined) troubles.set(name, trouble);
  }
  return { env, troubles };
}

/** Everything but refunds works without it. */
function certificate(env: Environment): Finding {
  const repair = 'download apiclient_cert.p12 in the merchant console and set its path';
  const file = env['WECHAT_CERT'];
  if (file === undefined || file === '') return warning('WECHAT_CERT is not set: refunds wait', repair);
  const missing = [file, env['WECHAT_CERT_KEY'], env['WECHAT_CA']].find((path) => path && !existsSync(path));
  if (missing !== undefined) return wrong(`there is no file ${missing}: refunds wait`, repair);
  return ok('WECHAT_CERT is there');
}

/** WeChat calls from the internet and accepts neither query strings nor redirects. */
function notifyAddress(url: URL): Finding[] {
  const findings: Finding[] = [];
  if (url.search !== '' || url.hash !== '')
    findings.push(wrong('NOTIFY_URL has a query string', 'WeChat refuses it: leave it out'));
  if (!isReachable(url)) {
    findings.push(
      wrong(
        `NOTIFY_URL points at ${url.hostname}, which WeChat cannot reach`,
        'use a public name, or a tunnel while developing',
      ),
    );
  }
  if (url.protocol !== 'https:')
    findings.push(warning('NOTIFY_URL is not https', 'anybody on the way can read notifications: use https'));
  return findings.length > 0 ? findings : [ok(`NOTIFY_URL has a form WeChat can reach (${url.hostname})`)];
}
