import { machine } from './machine.ts';

/**
 * One order of ours at WeChat.
 *
 * CREATED: written down before WeChat is called, so nothing WeChat may know is unknown to us. NOTPAY: WeChat has it.
 * CLOSED and FAILED can still become SUCCESS: verified money is never turned away (the order's side calls it late).
 */
export type AttemptState = 'CREATED' | 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'FAILED';

export const attemptMachine = machine<AttemptState>('attempt', 'CREATED', {
  CREATED: ['NOTPAY', 'SUCCESS', 'CLOSED', 'FAILED'],
  NOTPAY: ['SUCCESS', 'CLOSED', 'FAILED'],
  CLOSED: ['SUCCESS'],
  FAILED: ['SUCCESS'],
  SUCCESS: [],
});

export type SignType = 'MD5' | 'HMAC-SHA256';
export type SettleSource = 'notify' | 'query' | 'close';

/** Everything WeChat is told when the attempt is prepared; a repeat tells it exactly the same. */
export interface PrepayRequest {
  outTradeNo: string;
  mchId: string;
  appid: string;
  tradeType: 'NATIVE';
  signType: SignType;
  totalFee: number;
  body: string;
  productId: string;
  notifyUrl: string;
  spbillCreateIp: string;
  timeStart: Date;
  timeExpire: Date;
}

export interface Attempt extends PrepayRequest {
  orderNo: string;
  seq: number;
  state: AttemptState;
  /** Counts the calls of unifiedorder; an answer belongs to the count it was asked with. */
  prepaySeq: number;
  /** Deadline of the newest unifiedorder call: until then it may still reach WeChat. */
  calledAt: Date;
  /** While this lies in the future, somebody is waiting for WeChat's answer. */
  callingUntil: Date | null;
  codeUrl: string | null;
  codeUrlAt: Date | null;
  transactionId: string | null;
  paidAt: Date | null;
  openid: string | null;
  settleSource: SettleSource | null;
  nextCheckAt: Date | null;
  checkTries: number;
  createdAt: Date;
}

/** A code_url lives two hours at WeChat (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1). */
export const CODE_LIFE_MS = 2 * 3_600_000;
/** A code is not shown in its last minutes: the buyer still has to scan, look and type a password. */
const CODE_REST_MS = 5 * 60_000;

/** Not final at WeChat as far as we know: it may still be paid. */
export const isOpen = (attempt: { state: AttemptState }): boolean =>
  attempt.state === 'CREATED' || attempt.state === 'NOTPAY';

/** The code a buyer may be shown, or undefined when there is none or its life is nearly over. */
export function usableCode(attempt: Pick<Attempt, 'state' | 'codeUrl' | 'codeUrlAt'>, now: Date): string | undefined {
  if (!isOpen(attempt) || attempt.codeUrl === null || attempt.codeUrlAt === null) return undefined;
  const age = now.getTime() - attempt.codeUrlAt.getTime();
  return age < CODE_LIFE_MS - CODE_REST_MS ? attempt.codeUrl : undefined;
}

/** When the shown code should be replaced by a fresh one, or null without a code. */
export const codeUrlExpiresAt = (attempt: Pick<Attempt, 'codeUrlAt'>): Date | null =>
  attempt.codeUrlAt && new Date(attempt.codeUrlAt.getTime() + CODE_LIFE_MS - CODE_REST_MS);

/**
 * The number WeChat knows an attempt by: the order's own for the first, `<orderNo>-2`, `-3` … for later ones. It is
 * never parsed: the order of a number is looked up.
 */
export const outTradeNoOf = (orderNo: string, seq: number): string => (seq === 1 ? orderNo : `${orderNo}-${seq}`);

/**
 * `time_expire` as WeChat is told: the order's own deadline, but never nearer than WeChat accepts. Our own close still
 * comes at the order's deadline. Whole seconds, upwards, because the wire has no smaller unit.
 */
export function timeExpireOf(expiresAt: Date, now: Date, minExpireSeconds: number): Date {
  const at = Math.max(expiresAt.getTime(), now.getTime() + minExpireSeconds * 1000);
  return new Date(Math.ceil(at / 1000) * 1000);
}
