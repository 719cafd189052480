import { type CouponsUsed, couponsUsed } from '../calls/coupons.ts';
import { type SignType } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';
import { NoticeFields, wrong, WrongField } from './notice-fields.ts';
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

/** What a payment notification says that was signed with the right key, but for another appid or merchant. */
export interface ForeignPayment {
  readonly appid: string;
  readonly mchId: string;
  readonly outTradeNo: string;
  readonly transactionId: string;
  readonly totalFee: number;
}

/**
 * Why a notification was not opened; `message` holds neither content nor secrets. Only who has the key can have signed
 * for another appid or merchant: such a payment is real money that nobody expects here, so `verified` tells of it, when
 * its fields can be read, for being recorded once and looked into.
 */
export type RefusedNotice =
  | {
      readonly kind: 'refused';
      readonly reason: 'unreadable' | 'unsigned' | 'sign' | 'fields';
      readonly message: string;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'foreign-appid' | 'foreign-mch_id';
      readonly message: string;
      readonly verified?: ForeignPayment | undefined;
    };

export type OpenedNotice =
  | { readonly kind: 'paid'; readonly notice: PaymentNotice }
  | { readonly kind: 'failed'; readonly notice: FailedPaymentNotice }
  | RefusedNotice;

export interface OpenNoticeOptions {
  readonly keys: MerchantKeys;
  /** Algorithms the sign may have; its length tells which one it is. */
  readonly allowed: readonly SignType[];
}

/**
 * Opens a payment notification: reads it, verifies its sign over all fields, compares appid and mch_id, and reads its
 * fields strictly. There is no other way to a notice, and none to the content of one that was not verified. The caller
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
  const { keys } = options;
  if (fields.optional('appid') !== keys.appid)
    return { ...refused('foreign-appid', 'signed, but for another appid'), verified: foreignPayment(fields) };
  if (fields.optional('mch_id') !== keys.mchId)
    return { ...refused('foreign-mch_id', 'signed, but for another mch_id'), verified: foreignPayment(fields) };
  const resultCode = fields.optional('result_code');
  try {
    if (resultCode === 'SUCCESS') return { kind: 'paid', notice: paidNotice(fields, keys, signType) };
    if (resultCode === 'FAIL') return { kind: 'failed', notice: failedNotice(fields, keys, signType) };
  } catch (error) {
    if (error instanceof WrongField) return refused('fields', `signed, but ${error.field} is missing or malformed`);
    throw error;
  }
  return refused('fields', 'signed, but result_code is missing or malformed');
}

function paidNotice(fields: NoticeFields, { appid, mchId }: MerchantKeys, signType: SignType): PaymentNotice {
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

function failedNotice(fields: NoticeFields, { appid, mchId }: MerchantKeys, signType: SignType): FailedPaymentNotice {
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

function foreignPayment(fields: NoticeFields): ForeignPayment | undefined {
  try {
    fields.onlyYuan();
    if (fields.optional('result_code') !== 'SUCCESS') wrong('result_code');
    return {
      appid: fields.text('appid', 32),
      mchId: fields.text('mch_id', 32),
      outTradeNo: fields.outTradeNo(),
      transactionId: fields.wechatNumber('transaction_id'),
      totalFee: fields.fen('total_fee'),
    };
  } catch (error) {
    if (error instanceof WrongField) return undefined;
    throw error;
  }
}

function refused<R extends RefusedNotice['reason']>(reason: R, message: string): NoticeRefusal<R> {
  return { kind: 'refused', reason, message };
}
