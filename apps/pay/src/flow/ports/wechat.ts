/** WeChat Pay as the steps of a payment see it, and WeChat's word on who pays. */
import type { Attempt, PrepayRequest, SignType } from '../../domain/attempt.ts';
import type { FailedPayment, Payment, PaymentResult } from '../../domain/payment.ts';
import type { PreparedAtWechat } from './prepay.ts';

export type Prepared =
  | ({ kind: 'prepared' } & PreparedAtWechat)
  | { kind: 'paid' }
  | { kind: 'closed' }
  /** `leavesNothing`: the call is over, and WeChat has made no order of it. */
  | { kind: 'refused'; code: string; text: string; leavesNothing: boolean }
  | { kind: 'unknown'; reason: string; timedOut: boolean };

export type Queried =
  /** `refunded`: WeChat knows refunds of it, which may have been made without us. */
  | { kind: 'paid'; payment: Payment; refunded?: boolean }
  | { kind: 'unpaid' }
  | { kind: 'failed'; failure: FailedPayment }
  | { kind: 'closed' }
  | { kind: 'revoked'; failure: FailedPayment }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

export type ClosedAtWechat =
  | { kind: 'closed' | 'paid' | 'absent' }
  /** A clear no: it stays open, for now. */
  | { kind: 'refused'; code: string }
  | { kind: 'unknown'; reason: string };

/** What a page inside WeChat or a mini-program hands to WeChat; names, case and the text time as it wants them. */
export interface JsapiCashier {
  appId: string;
  timeStamp: string;
  nonceStr: string;
  package: string;
  signType: SignType;
  paySign: string;
}

/** What an app hands to WeChat's SDK. */
export interface AppCashier {
  appid: string;
  partnerid: string;
  prepayid: string;
  package: string;
  noncestr: string;
  timestamp: string;
  sign: string;
}

/** What a second signature is made with. */
export type Signed = Pick<Attempt, 'appid' | 'mchId' | 'signType'>;

export type OpenedNotice =
  { kind: 'result'; result: PaymentResult } | { kind: 'refused'; reason: string; message: string };

/** WeChat. Nothing here throws for what the wire does. */
export abstract class Gateway {
  abstract prepare(request: PrepayRequest, deadlineMs: number): Promise<Prepared>;
  abstract query(attempt: Attempt, source: 'query' | 'close', deadlineMs: number): Promise<Queried>;
  abstract close(attempt: Attempt, deadlineMs: number): Promise<ClosedAtWechat>;
  /** Signed anew each time; asks nobody. */
  abstract jsapiCashier(attempt: Signed, prepayId: string): JsapiCashier;
  abstract appCashier(attempt: Signed, prepayId: string): AppCashier;
  /** The only way to a notification's content: it is verified first. */
  abstract openNotice(raw: Buffer, remoteIp: string): OpenedNotice;
}

export type Identified =
  | { kind: 'openid'; openid: string }
  /** The code was good, but has been exchanged before. */
  | { kind: 'used' }
  /** The code is not good, or not any more. */
  | { kind: 'invalid'; code: number; text: string }
  /** WeChat refuses the account itself: a wrong secret, an address that is not allowed to ask. */
  | { kind: 'refused'; code: number; text: string }
  /** `retryAfterMs`: WeChat has said when to ask again. */
  | { kind: 'unknown'; reason: string; retryAfterMs?: number };

/** WeChat's OAuth, which tells who uses the browser inside it. Nothing here throws for what the wire does. */
export abstract class Openids {
  abstract readonly isConfigured: boolean;
  /** Where the browser is sent. @throws Error when not configured */
  abstract authorizeUrl(state: string): string;
  abstract exchange(code: string, deadlineMs: number): Promise<Identified>;
}
