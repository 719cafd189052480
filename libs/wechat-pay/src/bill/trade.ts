import {
  fromBeijingDateTime,
  isOutRefundNo,
  isOutTradeNo,
  isTransactionId,
  yuanToFen,
  yuanToMicroYuan,
} from '../protocol/index.ts';
import { BillBroken } from './bill-broken.ts';
import { type BillRow } from './rows.ts';

/** The refund of a row; amounts in fen. */
export interface BillRefund {
  readonly refundId: string;
  readonly outRefundNo: string;
  /** What was asked for; bills before 2019 do not tell it. */
  readonly refundFee?: number | undefined;
  /** What went back after coupons. */
  readonly settlementRefundFee: number;
  /** `ORIGINAL`, `BALANCE` …: where the money goes. */
  readonly refundType: string;
  /** As it was when the bill was made; a later state is told by refundQuery only. */
  readonly refundStatus: string;
}

/** One row: a payment, or a refund when `refund` is there. Amounts in fen. */
export interface BillTrade {
  /** Of the payment; a refund stands in the bill of the day on which it was accepted. */
  readonly tradeTime: Date;
  readonly appid: string;
  readonly mchId: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly openid: string;
  readonly tradeType: string;
  /** `SUCCESS`, `REFUND`, or `REVOKED` for a reversal. */
  readonly tradeState: string;
  readonly bankType: string;
  readonly currency: string;
  /** The amount of the order; bills before 2019 and refunds do not tell it. */
  readonly totalFee?: number | undefined;
  /** What of it is paid out, less coupons; 0 for a refund. */
  readonly settlementTotalFee: number;
  readonly refund?: BillRefund | undefined;
  readonly body: string;
  readonly attach: string;
  /** WeChat Pay's fee in millionths of a yuan, negative for a refund; bills tell five decimals. */
  readonly feeMicroYuan: number;
  /** As told, for example `0.60%`. */
  readonly rate: string;
}

/**
 * Reads the known columns of a row strictly, by their texts (also those of bills before 2019); `row.get` has the others.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_6.
 * @throws BillBroken naming the column, never its content.
 */
export function readTrade(row: BillRow): BillTrade {
  const value = (...columns: string[]): string => {
    for (const column of columns) {
      const found = row.get(column);
      if (found !== undefined) return found;
    }
    return malformed(columns[0] ?? '');
  };
  const malformed = (column: string): never => {
    throw new BillBroken(`has no readable ${column}`, row.line);
  };
  const passing = (column: string, passes: (text: string) => boolean): string => {
    const text = value(column);
    return passes(text) ? text : malformed(column);
  };
  const fen = (...columns: string[]): number => yuanToFen(value(...columns)) ?? malformed(columns[0] ?? '');
  const optionalFen = (column: string) => (row.get(column) === undefined ? undefined : fen(column));

  const refund = (): BillRefund => ({
    refundId: passing('微信退款单号', isTransactionId),
    outRefundNo: passing('商户退款单号', isOutRefundNo),
    refundFee: optionalFen('申请退款金额'),
    settlementRefundFee: fen('退款金额'),
    refundType: value('退款类型'),
    refundStatus: value('退款状态'),
  });
  const refundId = row.get('微信退款单号') ?? '';
  const time = () => {
    try {
      return fromBeijingDateTime(value('交易时间'));
    } catch (error) {
      if (error instanceof RangeError) return malformed('交易时间');
      throw error;
    }
  };
  return {
    tradeTime: time(),
    appid: value('公众账号ID'),
    mchId: value('商户号'),
    transactionId: passing('微信订单号', isTransactionId),
    outTradeNo: passing('商户订单号', isOutTradeNo),
    openid: value('用户标识'),
    tradeType: value('交易类型'),
    tradeState: value('交易状态'),
    bankType: value('付款银行'),
    currency: value('货币种类'),
    totalFee: optionalFen('订单金额'),
    settlementTotalFee: fen('应结订单金额', '总金额'),
    // A payment has `0` or nothing as the number of its refund.
    refund: refundId === '' || refundId === '0' ? undefined : refund(),
    body: value('商品名称'),
    attach: value('商户数据包'),
    feeMicroYuan: yuanToMicroYuan(value('手续费', '返还手续费')) ?? malformed('手续费'),
    rate: value('费率'),
  };
}
