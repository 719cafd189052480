import { type MerchantKeys } from './judge.ts';
import {
  type Fields,
  fromBeijingTime,
  isOutTradeNo,
  isTransactionId,
  readFen,
  readPartFen,
  readXml,
  type SignType,
  verifyFields,
  XmlRefused,
} from './protocol/index.ts';

/** A payment that WeChat Pay confirmed, by a verified notification. Amounts in fen. */
export interface PaymentNotice {
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
export function openPaymentNotice(raw: Uint8Array, { keys, allowed }: OpenNoticeOptions): OpenedNotice {
  let fields: Fields;
  try {
    fields = readXml(raw);
  } catch (error) {
    if (error instanceof XmlRefused) return refused('unreadable', error.message);
    throw error;
  }
  // return_code=FAIL comes without a sign, so anybody could have posted it.
  if (fields['return_code'] !== 'SUCCESS') return refused('unsigned', 'return_code is not SUCCESS');
  if (fields['sign'] === undefined || fields['sign'] === '') return refused('unsigned', 'there is no sign');
  const signType = verifyFields(fields, keys.apiKey, allowed);
  if (signType === undefined) return refused('sign', 'the sign is wrong, or its algorithm is not allowed');
  const opened = openVerified(fields, signType);
  const foreign = foreignOf(fields, keys);
  if (foreign === undefined) return opened;
  if (opened.kind === 'paid') return { kind: 'foreign', reason: foreign, notice: opened.notice };
  return refused(foreign, `signed, but for another ${foreign === 'foreign-appid' ? 'appid' : 'mch_id'}`);
}

function foreignOf(fields: Fields, { appid, mchId }: MerchantKeys): ForeignReason | undefined {
  if (fields['appid'] !== appid) return 'foreign-appid';
  return fields['mch_id'] === mchId ? undefined : 'foreign-mch_id';
}

function openVerified(fields: Fields, signType: SignType): Exclude<OpenedNotice, ForeignNotice> {
  try {
    const account = { appid: accountNo(fields, 'appid'), mchId: accountNo(fields, 'mch_id') };
    if (fields['result_code'] === 'SUCCESS') return { kind: 'paid', notice: paidNotice(fields, account, signType) };
    if (fields['result_code'] === 'FAIL') return { kind: 'failed', notice: failedNotice(fields, account, signType) };
  } catch (error) {
    if (error instanceof WrongField) return refused('fields', `signed, but ${error.field} is missing or malformed`);
    throw error;
  }
  return refused('fields', 'signed, but result_code is missing or malformed');
}

type Account = Pick<PaymentNotice, 'appid' | 'mchId'>;

function paidNotice(fields: Fields, { appid, mchId }: Account, signType: SignType): PaymentNotice {
  currency(fields);
  return {
    appid,
    mchId,
    outTradeNo: outTradeNo(fields),
    transactionId: transactionId(fields),
    totalFee: readFen(fields['total_fee']) ?? wrong('total_fee'),
    cashFee: readPartFen(fields['cash_fee']) ?? wrong('cash_fee'),
    tradeType: text(fields, 'trade_type', 16),
    openid: text(fields, 'openid', 128),
    bankType: text(fields, 'bank_type', 32),
    timeEnd: time(fields, 'time_end'),
    attach: fields['attach'] === '' ? undefined : fields['attach'],
    signType,
  };
}

function failedNotice(fields: Fields, { appid, mchId }: Account, signType: SignType): FailedPaymentNotice {
  currency(fields);
  const has = (name: string) => fields[name] !== undefined && fields[name] !== '';
  return {
    appid,
    mchId,
    outTradeNo: outTradeNo(fields),
    transactionId: has('transaction_id') ? transactionId(fields) : undefined,
    totalFee: has('total_fee') ? (readFen(fields['total_fee']) ?? wrong('total_fee')) : undefined,
    errCode: fields['err_code'] ?? '',
    errCodeDes: fields['err_code_des'] ?? '',
    signType,
  };
}

class WrongField extends Error {
  readonly field: string;

  constructor(field: string) {
    super(field);
    this.field = field;
  }
}

function wrong(field: string): never {
  throw new WrongField(field);
}

/** An amount of another currency must never be read as fen. */
function currency(fields: Fields): void {
  const feeType = fields['fee_type'] ?? '';
  if (feeType !== '' && feeType !== 'CNY') wrong('fee_type');
}

function accountNo(fields: Fields, name: 'appid' | 'mch_id'): string {
  const value = fields[name] ?? '';
  return /^[0-9A-Za-z_-]{1,32}$/.test(value) ? value : wrong(name);
}

function outTradeNo(fields: Fields): string {
  const value = fields['out_trade_no'] ?? '';
  return isOutTradeNo(value) ? value : wrong('out_trade_no');
}

function transactionId(fields: Fields): string {
  const value = fields['transaction_id'] ?? '';
  return isTransactionId(value) ? value : wrong('transaction_id');
}

function text(fields: Fields, name: string, maxLength: number): string {
  const value = fields[name] ?? '';
  return value !== '' && value.length <= maxLength ? value : wrong(name);
}

function time(fields: Fields, name: string): Date {
  try {
    return fromBeijingTime(fields[name] ?? '');
  } catch {
    return wrong(name);
  }
}

function refused(reason: RefusedNotice['reason'], message: string): RefusedNotice {
  return { kind: 'refused', reason, message };
}
