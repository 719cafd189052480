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

const YUAN = /^(-?)(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,6}))?$/;

/**
 * Reads yuan with at most two decimals, as bills tell amounts, into fen; `-0.40` is -40. Digit by digit: 19.9 * 100 is
 * not 1990.
 */
export function yuanToFen(text: string | undefined): number | undefined {
  return scaled(text, 2);
}

/** Reads yuan with at most six decimals, as bills tell fees (`-0.00240`), into millionths of a yuan: -2400. */
export function yuanToMicroYuan(text: string | undefined): number | undefined {
  return scaled(text, 6);
}

function scaled(text: string | undefined, decimals: number): number | undefined {
  const [, sign, whole, fraction = ''] = YUAN.exec(text ?? '') ?? [];
  if (whole === undefined || fraction.length > decimals) return undefined;
  const value = Number(whole + fraction.padEnd(decimals, '0'));
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === '-' && value !== 0 ? -value : value;
}
