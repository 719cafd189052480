import type { Attempt, SettleSource, SignType } from './attempt.ts';

/** The bytes a notification arrived as, kept as evidence. */
export interface RawNotice {
  raw: Buffer;
  remoteIp: string;
}

/** Money that WeChat says it has taken: a verified notification, or a verified answer of a query. */
export interface Payment {
  kind: 'paid';
  outTradeNo: string;
  transactionId: string;
  totalFee: number;
  mchId: string;
  appid: string;
  tradeType: string;
  openid: string | undefined;
  bankType: string | undefined;
  paidAt: Date;
  source: SettleSource;
  /** How a notification was signed; a query's answer is verified by its own call. */
  signType?: SignType;
  notice?: RawNotice;
  /** WeChat knows refunds of it, which may have been made without us. */
  refunded?: boolean;
}

/** A payment that WeChat says has failed: a signed notification with `result_code=FAIL`, or PAYERROR, REVOKED. */
export interface FailedPayment {
  kind: 'failed';
  outTradeNo: string;
  transactionId: string | undefined;
  mchId: string;
  appid: string;
  tradeState: string;
  reason: string;
  source: SettleSource;
  signType?: SignType;
  notice?: RawNotice;
}

export type PaymentResult = Payment | FailedPayment;

/**
 * What became of one result.
 *
 * - `settled`: the attempt is SUCCESS by this very call; exactly one caller hears this
 * - `already-settled`: it was before, with this transaction
 * - `amount-mismatch`: paid, but not what was asked; stored, an anomaly is open
 * - `second-transaction`: other money under a number that is paid already; stored, an anomaly is open
 * - `unknown-order`, `wrong-merchant`, `transaction-taken`: a success that belongs to nothing of ours; anomaly, refused
 * - `sign-type-refused`: signed with another algorithm than the attempt was made with
 * - `failure-stored`, `failure-too-late`: a failure was told on, or comes after the end
 */
export type SettleOutcome =
  | 'settled'
  | 'already-settled'
  | 'amount-mismatch'
  | 'second-transaction'
  | 'unknown-order'
  | 'wrong-merchant'
  | 'transaction-taken'
  | 'sign-type-refused'
  | 'failure-stored'
  | 'failure-too-late';

/** Is the sender of a notification told SUCCESS for this outcome? What is stored is never asked for again. */
export const isAcknowledged: Readonly<Record<SettleOutcome, boolean>> = {
  settled: true,
  'already-settled': true,
  'amount-mismatch': true,
  'second-transaction': true,
  'unknown-order': false,
  'wrong-merchant': false,
  'transaction-taken': false,
  'sign-type-refused': false,
  'failure-stored': true,
  'failure-too-late': true,
};

/** The kind of anomaly an outcome opens, if any. */
export const anomalyOf: Readonly<Partial<Record<SettleOutcome, 'AMOUNT' | 'UNKNOWN'>>> = {
  'amount-mismatch': 'AMOUNT',
  'second-transaction': 'UNKNOWN',
  'unknown-order': 'UNKNOWN',
  'wrong-merchant': 'UNKNOWN',
  'transaction-taken': 'UNKNOWN',
};

/**
 * Judges one result against the attempt it names, which the caller holds locked. Compares `total_fee` only: cash_fee
 * and settlement_total_fee are smaller when a coupon was used
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_7).
 */
export function judge(result: PaymentResult, attempt: Attempt | undefined): SettleOutcome {
  if (!attempt) return 'unknown-order';
  if (result.mchId !== attempt.mchId || result.appid !== attempt.appid) return 'wrong-merchant';
  if (result.signType && result.signType !== attempt.signType) return 'sign-type-refused';
  if (result.kind === 'failed') {
    return attempt.state === 'CREATED' || attempt.state === 'NOTPAY' ? 'failure-stored' : 'failure-too-late';
  }
  if (attempt.state === 'SUCCESS') {
    return attempt.transactionId === result.transactionId ? 'already-settled' : 'second-transaction';
  }
  return result.totalFee === attempt.totalFee ? 'settled' : 'amount-mismatch';
}
