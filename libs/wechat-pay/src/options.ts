import { InvalidRequest } from './invalid-request.ts';
import { type SignType } from './protocol/index.ts';
import { checkedBaseUrl, type MerchantCertificate } from './settings.ts';
import { type RetryPolicy } from './wire/endpoint.ts';
import { type MerchantKeys } from './wire/judge.ts';
import { type MerchantLimits } from './wire/rate-limit.ts';

/** How long calls may take; a caller's own `deadlineMs` replaces the one for the whole call. */
export interface Timeouts {
  /** For a connection to stand. */
  readonly connectMs: number;
  /** For a call with all its repeats. */
  readonly totalMs: number;
  /** The same for a refund, which WeChat Pay takes longer for. */
  readonly refundMs: number;
  /** For a bill, until its last row is read. */
  readonly billMs: number;
  /** For the next piece of a bill to arrive. */
  readonly billIdleMs: number;
}

export interface WechatPayOptions extends MerchantKeys {
  /** `https://api.mch.weixin.qq.com`, or the base of a simulator; plain http only for one on loopback or named `simulator`. */
  readonly baseUrl?: string | undefined;
  /** Instead of `baseUrl`, several hosts of the same API: the main one, then those for when it cannot be reached. */
  readonly baseUrls?: readonly string[] | undefined;
  /** Where calls with the merchant's certificate go, if elsewhere: a simulator has another port for them. */
  readonly secureBaseUrls?: readonly string[] | undefined;
  /** Further addresses that may serve the page for MWEB, beside WeChat Pay's and those of the calls: a simulator's. */
  readonly mwebUrls?: readonly string[] | undefined;
  /** Algorithm of requests, and by it of answers and notifications. */
  readonly signType: SignType;
  /** Where WeChat Pay posts payment notifications: public, without query. */
  readonly notifyUrl: string;
  /** Needed for refunds. */
  readonly certificate?: MerchantCertificate | undefined;
  /** PEM of the root to trust instead of Node's. */
  readonly ca?: string | Uint8Array | undefined;
  /** Default: connect 3 s, calls 10 s, refunds 20 s, bills 10 min with a piece every 30 s. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Default: 3 tries, 200 ms pause, 1 s after too many calls. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Shared among the clients of one merchant; by default each client has its own. */
  readonly limits?: MerchantLimits | undefined;
}

const TIMEOUTS: Timeouts = {
  connectMs: 3_000,
  totalMs: 10_000,
  refundMs: 20_000,
  billMs: 600_000,
  billIdleMs: 30_000,
};

const RETRY: RetryPolicy = { tries: 3, pauseMs: 200, limitedPauseMs: 1_000 };

/** The defaults with the caller's changes. @throws InvalidRequest for what would wait for ever or never try. */
export function patience({ timeouts, retry }: WechatPayOptions): { timeouts: Timeouts; retry: RetryPolicy } {
  const result = { timeouts: { ...TIMEOUTS, ...timeouts }, retry: { ...RETRY, ...retry } };
  for (const [name, ms] of Object.entries(result.timeouts))
    if (!(Number.isFinite(ms) && ms > 0)) throw new InvalidRequest(name, 'is not a number of milliseconds above 0');
  const { tries, pauseMs, limitedPauseMs } = result.retry;
  if (!Number.isInteger(tries) || tries < 1) throw new InvalidRequest('tries', 'is not a whole number above 0');
  for (const [name, ms] of Object.entries({ pauseMs, limitedPauseMs }))
    if (!(Number.isFinite(ms) && ms >= 0)) throw new InvalidRequest(name, 'is not a number of milliseconds');
  return result;
}

/** The hosts for plain calls, for those with the certificate, and of pages for MWEB. @throws InvalidRequest */
export function baseUrls({ baseUrl, baseUrls, secureBaseUrls, mwebUrls = [] }: WechatPayOptions): {
  plain: URL[];
  secure: URL[];
  mweb: URL[];
} {
  if (baseUrl !== undefined && baseUrls !== undefined)
    throw new InvalidRequest('base URL', 'is given twice: baseUrl and baseUrls');
  const plain = (baseUrls ?? (baseUrl === undefined ? [] : [baseUrl])).map(checkedBaseUrl);
  if (plain.length === 0) throw new InvalidRequest('base URL', 'is missing');
  const secure = secureBaseUrls?.map(checkedBaseUrl) ?? plain;
  if (secure.length === 0) throw new InvalidRequest('base URL', 'for calls with a certificate is missing');
  return { plain, secure, mweb: [...plain, ...mwebUrls.map(checkedBaseUrl)] };
}
