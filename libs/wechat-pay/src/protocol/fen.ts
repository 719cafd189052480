const ORDER_AMOUNT = /^[1-9][0-9]{0,9}$/;
const PART_AMOUNT = /^(?:0|[1-9][0-9]{0,9})$/;

/** Largest amount in fen: ten digits. */
export const MAX_FEN = 9_999_999_999;

/**
 * Reads the amount of an order in fen: at least 1, digits only, no sign, no leading zero, no decimals.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_2.
 */
export function readFen(text: string | undefined): number | undefined {
  return text !== undefined && ORDER_AMOUNT.test(text) ? Number(text) : undefined;
}

/** As readFen for a part of an amount, which may be 0 (cash paid when coupons covered everything). */
export function readPartFen(text: string | undefined): number | undefined {
  return text !== undefined && PART_AMOUNT.test(text) ? Number(text) : undefined;
}
