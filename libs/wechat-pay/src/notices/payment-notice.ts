import { type CouponsUsed, couponsUsed } from '../calls/coupons.ts';
import { type SignType } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';
import { NoticeFields, WrongField } from './notice-fields.ts';
import { type NoticeRefusal, openSigned } from './signed-message.ts';

/** A payment that WeChat Pay confirmed, by a verified notification. Amounts in fen. */
export interface PaymentNotice extends CouponsUsed {
  readonly appid: string;
  readonly mchId: string;
  readonly outTradeNo: string;
  readonly transactionId: string;
  /** The amount of the order: the one to compare with. */
  readonly totalFee: number;
  /** What the user paid himself: less than totalFee with coupons. */
  readonly cashFee: number;
  readonly tradeType: string;
  readonly openid: string;
  readonly bankType: string;
  readonly timeEnd: Date;
  readonly attach?: string | undefined;
  /** The algorithm of the sign; compare it with the one of the order. */
  readonly signType: SignType;
}

/** A verified notification of a payment that failed: a hint, never a proof that no money follows. */
export interface FailedPaymentNotice {
  readonly appid: string;
  readonly mchId: string;
  readonly outTradeNo: string;
  readonly transactionId?: string | undefined;
  readonly totalFee?: number | undefined;
  readonly errCode: string;
  readonly errCodeDes: string;
  readonly signType: SignType;
}

/** Why a notification was not opened; `message` holds neither content nor secrets. */
export interface RefusedNotice {
  readonly kind: 'refused';
  readonly reason: 'unreadable' | 'unsigned' | 'sign' | ForeignReason | 'fields';
  readonly message: string;
}

type ForeignReason = 'foreign-appid' | 'foreign-mch_id';

/**
 * A payment signed with our key for an account that is not the expected one: money has moved, so it is worth an alarm,
 * but it pays nothing that was ordered under the expected account.
 */
export interface ForeignNotice {
  readonly kind: 'foreign';
  readonly reason: ForeignReason;
  readonly notice: PaymentNotice;
}

export type OpenedNotice =
  | { readonly kind: 'paid'; readonly notice: PaymentNotice }
  | { readonly kind: 'failed'; readonly notice: FailedPaymentNotice }
  | ForeignNotice
  | RefusedNotice;

export interface OpenNoticeOptions {
  readonly keys: MerchantKeys;
  /** Algorithms the sign may have; its length tells which one it is. */
  readonly allowed: readonly SignType[];
}

/**
 * Opens a payment notification: reads it, verifies its sign over all fields, reads its fields strictly, and compares
 * appid and mch_id. There is no other way to a notice, and none to the content of one that was not verified. The caller
 * still has to compare order number and amount with its own record.
 * @param raw the body exactly as received.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_7.
 */
export function openPaymentNotice(raw: Uint8Array, options: OpenNoticeOptions): OpenedNotice {
  const opened = openSigned(raw, options);
  if (opened.kind === 'refused') return opened;
  const { signType } = opened;
  const fields = new NoticeFields(opened.fields);
  // return_code=FAIL comes without a sign, so anybody could have posted it.
  if (fields.optional('return_code') !== 'SUCCESS') return refused('unsigned', 'return_code is not SUCCESS');
  const notice = openVerified(fields, signType);
  const foreign = foreignOf(fields, options.keys);
  if (foreign === undefined) return notice;
  if (notice.kind === 'paid') return { kind: 'foreign', reason: foreign, notice: notice.notice };
  return refused(foreign, `signed, but for another ${foreign === 'foreign-appid' ? 'appid' : 'mch_id'}`);
}

function foreignOf(fields: NoticeFields, { appid, mchId }: MerchantKeys): ForeignReason | undefined {
  if (fields.optional('appid') !== appid) return 'foreign-appid';
  return fields.optional('mch_id') === mchId ? undefined : 'foreign-mch_id';
}

function openVerified(fields: NoticeFields, signType: SignType): Exclude<OpenedNotice, ForeignNotice> {
  const resultCode = fields.optional('result_code');
  try {
    const account = { appid: fields.accountNo('appid'), mchId: fields.accountNo('mch_id') };
    if (resultCode === 'SUCCESS') return { kind: 'paid', notice: paidNotice(fields, account, signType) };
    if (resultCode === 'FAIL') return { kind: 'failed', notice: failedNotice(fields, account, signType) };
  } catch (error) {
    if (error instanceof WrongField) return refused('fields', `signed, but ${error.field} is missing or malformed`);
    throw error;
  }
  return refused('fields', 'signed, but result_code is missing or malformed');
}

type Account = Pick<PaymentNotice, 'appid' | 'mchId'>;

function paidNotice(fields: NoticeFields, { appid, mchId }: Account, signType: SignType): PaymentNotice {
  fields.onlyYuan();
  return {
    appid,
    mchId,
    outTradeNo: fields.outTradeNo(),
    transactionId: fields.wechatNumber('transaction_id'),
    totalFee: fields.fen('total_fee'),
    cashFee: fields.partFen('cash_fee'),
    tradeType: fields.text('trade_type', 16),
    openid: fields.text('openid', 128),
    bankType: fields.text('bank_type', 32),
    timeEnd: fields.time('time_end'),
    attach: fields.optional('attach'),
    signType,
    ...couponsUsed(fields.fields),
  };
}

function failedNotice(fields: NoticeFields, { appid, mchId }: Account, signType: SignType): FailedPaymentNotice {
  fields.onlyYuan();
  return {
    appid,
    mchId,
    outTradeNo: fields.outTradeNo(),
    transactionId: fields.has('transaction_id') ? fields.wechatNumber('transaction_id') : undefined,
    totalFee: fields.has('total_fee') ? fields.fen('total_fee') : undefined,
    errCode: fields.optional('err_code') ?? '',
    errCodeDes: fields.optional('err_code_des') ?? '',
    signType,
  };
}

function refused<R extends RefusedNotice['reason']>(reason: R, message: string): NoticeRefusal<R> {
  return { kind: 'refused', reason, message };
}
