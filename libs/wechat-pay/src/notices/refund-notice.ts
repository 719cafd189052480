import { readRefundStatus, type RefundStatus } from '../calls/refund-query.ts';
import { decryptReqInfo, readXml, XmlRefused } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';
import { NoticeFields, wrong, WrongField } from './notice-fields.ts';

/** How a refund ended, by a notification that only who has the key can have encrypted. Amounts in fen. */
export interface RefundNotice {
  readonly appid: string;
  readonly mchId: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly refundId: string;
  readonly outRefundNo: string;
  /** The amount of the order. */
  readonly totalFee: number;
  /** The amount of the refund. */
  readonly refundFee: number;
  readonly settlementTotalFee?: number | undefined;
  readonly settlementRefundFee: number;
  readonly cashRefundFee?: number | undefined;
  /** SUCCESS, CHANGE or REFUNDCLOSE; see RefundStatus. */
  readonly refundStatus: RefundStatus;
  readonly successTime?: Date | undefined;
  /** The account that received it, for humans. */
  readonly refundRecvAccount: string;
  readonly refundAccount: string;
  /** `API`, or `VENDOR_PLATFORM` for a refund made in the merchant console. */
  readonly refundRequestSource: string;
}

export interface RefusedRefundNotice {
  readonly kind: 'refused';
  readonly reason: 'refund-notice';
  readonly message: string;
}

export type OpenedRefundNotice = { readonly kind: 'refund'; readonly notice: RefundNotice } | RefusedRefundNotice;

// One refusal for everything: telling wrong padding from wrong content would help to decrypt without the key.
const REFUSED: RefusedRefundNotice = Object.freeze({
  kind: 'refused',
  reason: 'refund-notice',
  message: 'not a refund notification for this merchant',
});

/**
 * Opens a refund notification. It has no sign: that its content decrypts with the merchant's key and is whole proves
 * where it comes from. The encryption does not protect the order of its blocks, so every field is checked, and the
 * caller compares numbers and amounts with its own refund, or asks refundQuery.
 * @param raw the body exactly as received.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_16.
 */
export function openRefundNotice(raw: Uint8Array, { keys }: { readonly keys: MerchantKeys }): OpenedRefundNotice {
  try {
    const outer = new NoticeFields(readXml(raw));
    const content = decryptReqInfo(outer.optional('req_info') ?? '', keys.apiKey);
    const inner = new NoticeFields(readXml(content ?? Buffer.alloc(0), 'root'));
    if (outer.optional('return_code') !== 'SUCCESS') wrong('return_code');
    if (outer.optional('appid') !== keys.appid) wrong('appid');
    if (outer.optional('mch_id') !== keys.mchId) wrong('mch_id');
    return { kind: 'refund', notice: refundNotice(inner, keys) };
  } catch (error) {
    if (error instanceof XmlRefused || error instanceof WrongField) return REFUSED;
    throw error;
  }
}

function refundNotice(inner: NoticeFields, { appid, mchId }: MerchantKeys): RefundNotice {
  inner.onlyYuan();
  const totalFee = inner.fen('total_fee');
  const refundFee = inner.fen('refund_fee');
  if (refundFee > totalFee) wrong('refund_fee');
  return {
    appid,
    mchId,
    transactionId: inner.wechatNumber('transaction_id'),
    outTradeNo: inner.outTradeNo(),
    refundId: inner.wechatNumber('refund_id'),
    outRefundNo: inner.outRefundNo(),
    totalFee,
    refundFee,
    settlementTotalFee: inner.optionalPartFen('settlement_total_fee'),
    settlementRefundFee: inner.partFen('settlement_refund_fee'),
    cashRefundFee: inner.optionalPartFen('cash_refund_fee'),
    refundStatus: readRefundStatus(inner.text('refund_status', 16)),
    successTime: inner.optionalDateTime('success_time'),
    refundRecvAccount: inner.text('refund_recv_accout', 64),
    refundAccount: inner.text('refund_account', 30),
    refundRequestSource: inner.text('refund_request_source', 30),
  };
}
