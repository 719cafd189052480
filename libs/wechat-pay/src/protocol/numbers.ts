const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*@]{1,32}$/;
const TRANSACTION_ID = /^[0-9A-Za-z]{1,32}$/;

/**
 * Whether a text can be a merchant order number: 1 to 32 of `0-9 A-Z a-z _ - | * @`, case-sensitive.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_2.
 */
export function isOutTradeNo(text: unknown): text is string {
  return matches(OUT_TRADE_NO, text);
}

const OUT_REFUND_NO = /^[0-9A-Za-z_\-|*@]{1,64}$/;

/** Whether a text can be a merchant refund number: as an order number, but up to 64 characters. */
export function isOutRefundNo(text: unknown): text is string {
  return matches(OUT_REFUND_NO, text);
}

/**
 * Whether a text can be WeChat's order or refund number: up to 32 letters and digits (today 28 digits); always kept as
 * text.
 */
export function isTransactionId(text: unknown): text is string {
  return matches(TRANSACTION_ID, text);
}

// A pattern alone takes undefined for the text `undefined`.
const matches = (pattern: RegExp, text: unknown): text is string => typeof text === 'string' && pattern.test(text);
