import { machine } from './machine.ts';
import { handedOutForMs, type Scene, type TradeType } from './way.ts';

/**
 * One order of ours at WeChat.
 *
 * CREATED: written down before WeChat is called, so nothing WeChat may know is unknown to us. NOTPAY: WeChat has it.
 * CLOSED and FAILED can still become SUCCESS: verified money is never turned away (the order's side calls it late), and
 * money of another amount, which fails its attempt, may be accepted for the order.
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
  tradeType: TradeType;
  signType: SignType;
  totalFee: number;
  body: string;
  productId: string;
  notifyUrl: string;
  spbillCreateIp: string;
  /** JSAPI: who is to pay. */
  payerOpenid: string | null;
  /** MWEB: where from. */
  scene: Scene | null;
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
  prepayId: string | null;
  codeUrl: string | null;
  mwebUrl: string | null;
  /** When WeChat answered with the newest of them. */
  preparedAt: Date | null;
  transactionId: string | null;
  paidAt: Date | null;
  /** Who paid, as WeChat says. */
  openid: string | null;
  settleSource: SettleSource | null;
  nextCheckAt: Date | null;
  checkTries: number;
  createdAt: Date;
}

/** Not final at WeChat as far as we know: it may still be paid. */
export const isOpen = (attempt: { state: AttemptState }): boolean =>
  attempt.state === 'CREATED' || attempt.state === 'NOTPAY';

/** What a buyer's device is given to pay by. */
export type Handed =
  | { tradeType: 'NATIVE'; codeUrl: string }
  | { tradeType: 'MWEB'; mwebUrl: string }
  | { tradeType: 'JSAPI'; prepayId: string }
  | { tradeType: 'APP'; prepayId: string };

/** What a buyer may be given of an attempt, or undefined when there is nothing or its life is nearly over. */
export function handed(
  attempt: Pick<Attempt, 'state' | 'tradeType' | 'prepayId' | 'codeUrl' | 'mwebUrl' | 'preparedAt'>,
  now: Date,
): Handed | undefined {
  const { tradeType, prepayId, codeUrl, mwebUrl, preparedAt } = attempt;
  if (!isOpen(attempt) || preparedAt === null) return undefined;
  if (now.getTime() - preparedAt.getTime() >= handedOutForMs(tradeType)) return undefined;
  switch (tradeType) {
    case 'NATIVE':
      return codeUrl === null ? undefined : { tradeType, codeUrl };
    case 'MWEB':
      return mwebUrl === null ? undefined : { tradeType, mwebUrl };
    case 'JSAPI':
      return prepayId === null ? undefined : { tradeType, prepayId };
    case 'APP':
      return prepayId === null ? undefined : { tradeType, prepayId };
  }
}

/** The code to scan that a buyer may be shown, if that is how the order is being paid. */
export function usableCode(attempt: Attempt, now: Date): string | undefined {
  const given = handed(attempt, now);
  return given?.tradeType === 'NATIVE' ? given.codeUrl : undefined;
}

/** When the shown code should be replaced by a fresh one, or null without a code. */
export const codeUrlExpiresAt = ({ codeUrl, preparedAt }: Pick<Attempt, 'codeUrl' | 'preparedAt'>): Date | null =>
  codeUrl === null || preparedAt === null ? null : new Date(preparedAt.getTime() + handedOutForMs('NATIVE'));

/**
 * The number WeChat knows an attempt by: the order's own for the first, `<orderNo>-2`, `-3` … for later ones. It is
 * never parsed: the order of a number is looked up.
 */
export const outTradeNoOf = (orderNo: string, seq: number): string => (seq === 1 ? orderNo : `${orderNo}-${seq}`);

/**
 * How many attempts an order may have. Nobody changes the way to pay so often; without an end the numbers would outgrow
 * what the events carry, and a payment by such a number could not be told.
 */
export const MAX_ATTEMPTS = 100;

/**
 * `time_expire` as WeChat is told: the order's own deadline, but never nearer than WeChat accepts. Our own close still
 * comes at the order's deadline. Whole seconds, upwards, because the wire has no smaller unit.
 */
export function timeExpireOf(expiresAt: Date, now: Date, minExpireSeconds: number): Date {
  const at = Math.max(expiresAt.getTime(), now.getTime() + minExpireSeconds * 1000);
  return new Date(Math.ceil(at / 1000) * 1000);
}
