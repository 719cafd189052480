/** The ways to pay beside the code, as far as their settings can be judged without asking WeChat. */
import { isReachable, ok, warning, wrong, type Environment, type Finding } from './finding.ts';

const APPID = /^wx[0-9a-f]{16}$/;
const MAX_H5_URL = 128;
const MAX_H5_NAME = 20;
const OAUTH_ADDRESSES = ['WECHAT_OAUTH_AUTHORIZE_URL', 'WECHAT_OAUTH_API_BASE_URL'] as const;

/** What it looks at. */
export const WAY_SETTINGS = [
  'WECHAT_APPID',
  'WECHAT_APP_APPID',
  'WECHAT_MINI_APPID',
  'WECHAT_OAUTH_SECRET',
  ...OAUTH_ADDRESSES,
  'WECHAT_H5_URL',
  'WECHAT_H5_NAME',
  'PUBLIC_PAY_URL',
  'TRUST_PROXY',
] as const;

/** Looks at the settings of JSAPI, mini-programs, apps and H5 for the real WeChat. */
export const ways = (env: Environment): Finding[] => [
  ...insideWechat(env),
  appid(env, 'WECHAT_APP_APPID', 'payments from an app', 'the open platform (open.weixin.qq.com)'),
  appid(env, 'WECHAT_MINI_APPID', 'payments in a mini-program', 'the console of the mini-program (mp.weixin.qq.com)'),
  ...fromBrowsers(env),
];

function insideWechat(env: Environment): Finding[] {
  const secret = env['WECHAT_OAUTH_SECRET'] ?? '';
  const named = OAUTH_ADDRESSES.filter((name) => (env[name] ?? '') !== '');
  const repair = 'copy the AppSecret of the official account WECHAT_APPID from mp.weixin.qq.com';
  if (secret === '') {
    if (named.length === 0) return [ok('payments inside WeChat are off (WECHAT_OAUTH_SECRET)')];
    return [warning(`payments inside WeChat are off: ${named.join(', ')} without WECHAT_OAUTH_SECRET`, repair)];
  }
  const findings: Finding[] = [];
  if (!/^[0-9a-f]{32}$/.test(secret)) {
    findings.push(wrong('WECHAT_OAUTH_SECRET does not look like an AppSecret: 32 of 0-9 a-f', repair));
  } else if (secret === env['WECHAT_API_KEY']) {
    findings.push(wrong('WECHAT_OAUTH_SECRET is the API key of the merchant account', repair));
  }
  for (const name of named) {
    const url = env[name] ?? '';
    if (!URL.canParse(url)) findings.push(wrong(`${name} is not an address`, `leave it out for WeChat’s own`));
    else if (!isReachable(new URL(url))) {
      findings.push(wrong(`${name} is not WeChat’s (${new URL(url).host})`, `leave it out for WeChat’s own`));
    }
  }
  const back = publicPayUrl(env);
  if (back === undefined || !isReachable(back)) {
    const what =
      back === undefined ? `PUBLIC_PAY_URL is ${noAddress(env)}` : `PUBLIC_PAY_URL points at ${back.hostname}`;
    findings.push(wrong(`${what}: WeChat cannot send buyers back there`, 'set the public address of pay'));
  } else if (back.protocol !== 'https:') {
    findings.push(warning('PUBLIC_PAY_URL is not https: cookies that know buyers travel in the open', 'use https'));
  }
  if (findings.length > 0) return findings;
  const registered = `网页授权域名 and 支付授权目录 have to name ${back?.host ?? ''}`;
  return [ok(`payments inside WeChat are on; ${registered}`)];
}

function appid(env: Environment, name: string, what: string, where: string): Finding {
  const value = env[name] ?? '';
  if (value === '') return ok(`${what} are off (${name})`);
  const repair = `copy it from ${where}, and bind it to the merchant account`;
  if (!APPID.test(value)) return wrong(`${name} does not look like an appid: wx and 16 of 0-9 a-f`, repair);
  const same = ['WECHAT_APPID', 'WECHAT_APP_APPID', 'WECHAT_MINI_APPID'].find(
    (other) => other !== name && env[other] === value,
  );
  return same === undefined ? ok(`${what} are on`) : wrong(`${name} is the same as ${same}`, repair);
}

function fromBrowsers(env: Environment): Finding[] {
  const findings: Finding[] = [];
  const page = publicPayUrl(env);
  const text = env['WECHAT_H5_URL'] ?? page?.origin ?? '';
  const site = URL.canParse(text) ? new URL(text) : undefined;
  const repair = 'set the site as it was registered for H5 (H5 支付域名)';
  if (site === undefined && env['WECHAT_H5_URL'] === undefined) {
    const what = `PUBLIC_PAY_URL is ${noAddress(env)}: payments from mobile browsers have no site to begin on`;
    findings.push(warning(what, 'set the public address of pay, or let buyers scan codes only'));
  } else if (site === undefined) findings.push(wrong('WECHAT_H5_URL is not an address', repair));
  else if (text.length > MAX_H5_URL)
    findings.push(wrong(`WECHAT_H5_URL is longer than ${MAX_H5_URL} characters`, repair));
  else if (!isReachable(site)) findings.push(wrong(`H5 names ${site.host} as the site, which is not public`, repair));
  else if (page !== undefined && site.host !== page.host) {
    const what = `H5 payments begin on ${page.host}, and WECHAT_H5_URL names ${site.host}`;
    findings.push(
      warning(what, 'WeChat refuses browsers that come from a host which is not registered: register both'),
    );
  }
  if ((env['WECHAT_H5_NAME'] ?? '').length > MAX_H5_NAME) {
    findings.push(wrong(`WECHAT_H5_NAME is longer than ${MAX_H5_NAME} characters`, repair));
  }
  if (page?.protocol === 'https:' && (env['TRUST_PROXY'] ?? '') === '') {
    const what = 'TRUST_PROXY is not set, and something in front of pay speaks its https';
    const harm = 'H5 refuses buyers whose address is not told, and limits count all buyers as one';
    findings.push(warning(`${what}: ${harm}`, 'list the addresses of your proxies'));
  }
  return findings.length > 0
    ? findings
    : [ok(`payments from mobile browsers are on, for the site ${site?.host ?? ''}`)];
}

const publicPayUrl = ({ PUBLIC_PAY_URL: text = '' }: Environment): URL | undefined =>
  URL.canParse(text) ? new URL(text) : undefined;

const noAddress = ({ PUBLIC_PAY_URL: text = '' }: Environment): string => (text === '' ? 'not set' : 'not an address');
