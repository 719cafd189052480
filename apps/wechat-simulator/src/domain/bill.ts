/** The bill of one day as text (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_6). */
import { couponSum, unsettled } from './coupon.ts';
import { inChina } from './identifiers.ts';
import type { Order, Payment } from './order.ts';
import { settlementRefundFee, type Refund } from './refund.ts';

export const billTypes = ['ALL', 'SUCCESS', 'REFUND', 'RECHARGE_REFUND'] as const;
export type BillType = (typeof billTypes)[number];

const DAY_MS = 86_400_000;
const CHINA_AHEAD_MS = 8 * 3_600_000;
const BILLS_KEPT_DAYS = 92;
/** WeChat Pay starts to make the bill at 9 and wants to be asked from 10 on. */
const MADE_AT_MS = 9 * 3_600_000;
const READY_AT_MS = 10 * 3_600_000;

/** 0.60 %, in hundred-thousandths of a yuan per fen: 5 decimals are exact. */
const FEE_PER_FEN = 6;
const RATE = '0.60%';

/** One payment or refund that the bill shows. `fee` is in hundred-thousandths of a yuan. */
interface Trade {
  order: Order;
  payment: Payment;
  refund: Refund | undefined;
  at: number;
  fee: number;
}

type Column = readonly [title: string, value: (trade: Trade, asOf: number) => string];

const start: readonly Column[] = [
  ['交易时间', ({ at }) => clockTime(at)],
  ['公众账号ID', ({ order }) => order.appid],
  ['商户号', ({ order }) => order.mchId],
  ['特约商户号', () => '0'],
  ['设备号', ({ order }) => order.deviceInfo ?? ''],
  ['微信订单号', ({ payment }) => payment.transactionId],
  ['商户订单号', ({ order }) => order.outTradeNo],
  ['用户标识', ({ payment }) => payment.openid],
  ['交易类型', ({ order }) => order.tradeType],
  ['交易状态', ({ refund }) => (refund ? 'REFUND' : 'SUCCESS')],
  ['付款银行', ({ payment }) => payment.bankType],
  ['货币种类', () => 'CNY'],
  ['应结订单金额', ({ payment, refund }) => yuan(refund ? 0 : payment.totalFee - unsettled(payment.coupons))],
  ['代金券金额', ({ payment, refund }) => yuan(refund ? 0 : couponSum(payment.coupons))],
];
const refundTimes: readonly Column[] = [
  ['退款申请时间', ({ refund }) => (refund ? clockTime(refund.acceptedAt) : '')],
  ['退款成功时间', ({ refund }, asOf) => (refund && isSuccess(refund, asOf) ? clockTime(refund.endedAt ?? 0) : '')],
];
const refundParts: readonly Column[] = [
  ['微信退款单号', ({ refund }) => refund?.refundId ?? '0'],
  ['商户退款单号', ({ refund }) => refund?.outRefundNo ?? '0'],
  ['退款金额', ({ refund }) => yuan(refund ? settlementRefundFee(refund) : 0)],
  ['充值券退款金额', ({ refund }) => yuan(couponSum(refund?.coupons?.filter(({ type }) => type === 'CASH')))],
  ['退款类型', ({ refund }) => (refund ? 'ORIGINAL' : '')],
  ['退款状态', ({ refund }, asOf) => (refund ? statusIn(refund, asOf) : '')],
];
const goods: readonly Column[] = [
  ['商品名称', ({ order }) => order.body],
  ['商户数据包', ({ order }) => order.attach ?? ''],
  ['手续费', ({ fee }) => decimals(fee, 5)],
  ['费率', () => RATE],
  ['订单金额', ({ payment, refund }) => yuan(refund ? 0 : payment.totalFee)],
];
const requested: Column = ['申请退款金额', ({ refund }) => yuan(refund?.refundFee ?? 0)];
const remark: Column = ['费率备注', () => ''];

const layouts: Readonly<Record<BillType, readonly Column[]>> = {
  ALL: [...start, ...refundParts, ...goods, requested, remark],
  SUCCESS: [...start, ...goods, remark],
  REFUND: [...start, ...refundTimes, ...refundParts, ...goods, requested, remark],
  RECHARGE_REFUND: [...start, ...refundTimes, ...refundParts, ...goods, requested, remark],
};
const summaryTitles = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

export type BillDay = { kind: 'ready'; from: number; to: number; madeAt: number } | { kind: 'none' | 'creating' };

/**
 * Whether there can be a bill of this day yet.
 * @param date `yyyyMMdd` in China; undefined is returned when this is no date
 * @param now epoch milliseconds
 */
export function billDay(date: string, now: number): BillDay | undefined {
  if (!/^\d{8}$/.test(date)) return undefined;
  const midnight = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
  if (Number.isNaN(midnight) || inChina(midnight - CHINA_AHEAD_MS).slice(0, 8) !== date) return undefined;
  const from = midnight - CHINA_AHEAD_MS;
  const to = from + DAY_MS;
  if (now < to || now > to + BILLS_KEPT_DAYS * DAY_MS) return { kind: 'none' };
  if (now < to + READY_AT_MS) return { kind: 'creating' };
  return { kind: 'ready', from, to, madeAt: to + MADE_AT_MS };
}

/**
 * The whole text, with byte order mark and CR LF; undefined when there was no trade.
 * @param from first millisecond of the day, `to` the first after it
 * @param asOf point of the time line at which the bill was made: refunds show the status they had then
 */
export function writeBill(
  type: BillType,
  orders: Iterable<Order>,
  { from, to, asOf }: { from: number; to: number; asOf: number },
): string | undefined {
  const trades = [...orders].flatMap((order) => tradesOf(order, type)).filter(({ at }) => at >= from && at < to);
  if (trades.length === 0) return undefined;
  trades.sort((a, b) => a.at - b.at);
  const columns = layouts[type];
  const lines = [
    columns.map(([title]) => title).join(','),
    ...trades.map((trade) => row(columns.map(([, value]) => value(trade, asOf)))),
    summaryTitles,
    row(summary(trades)),
  ];
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

function tradesOf(order: Order, type: BillType): Trade[] {
  const { payment } = order;
  if (!payment) return [];
  const fee = FEE_PER_FEN * (payment.totalFee - unsettled(payment.coupons));
  const paid: Trade = { order, payment, refund: undefined, at: payment.paidAt, fee };
  const refunds = order.refunds.map((refund): Trade => {
    return { order, payment, refund, at: refund.acceptedAt, fee: -FEE_PER_FEN * settlementRefundFee(refund) };
  });
  const recharged = refunds.filter(({ refund }) => refund?.account === 'REFUND_SOURCE_RECHARGE_FUNDS');
  return { ALL: [paid, ...refunds], SUCCESS: [paid], REFUND: refunds, RECHARGE_REFUND: recharged }[type];
}

function summary(trades: readonly Trade[]): string[] {
  const sum = (value: (trade: Trade) => number): number => trades.reduce((total, trade) => total + value(trade), 0);
  const paid = (value: (payment: Payment) => number): number =>
    sum(({ payment, refund }) => (refund ? 0 : value(payment)));
  const refunded = (value: (refund: Refund) => number): number => sum(({ refund }) => (refund ? value(refund) : 0));
  return [
    String(trades.length),
    yuan(paid(({ totalFee, coupons }) => totalFee - unsettled(coupons))),
    yuan(refunded(settlementRefundFee)),
    yuan(refunded(({ coupons }) => couponSum(coupons?.filter(({ type }) => type === 'CASH')))),
    decimals(
      sum(({ fee }) => fee),
      5,
    ),
    yuan(paid(({ totalFee }) => totalFee)),
    yuan(refunded(({ refundFee }) => refundFee)),
  ];
}

const isSuccess = ({ status, endedOn }: Refund, asOf: number): boolean =>
  status === 'SUCCESS' && endedOn !== undefined && endedOn <= asOf;

function statusIn(refund: Refund, asOf: number): 'SUCCESS' | 'PROCESSING' | 'FAIL' {
  if (isSuccess(refund, asOf)) return 'SUCCESS';
  return refund.endedOn === undefined || refund.endedOn > asOf ? 'PROCESSING' : 'FAIL';
}

/** Line breaks would end the row; everything else, commas included, stands as it is. */
const row = (values: readonly string[]): string =>
  values.map((value) => `\`${value.replace(/[\r\n]+/g, ' ')}`).join(',');

const yuan = (fen: number): string => decimals(fen, 2);

/** An integer with the decimal point moved to the left. */
function decimals(value: number, places: number): string {
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** `yyyy-MM-dd HH:mm:ss` in China. */
export const clockTime = (at: number): string => inChina(at).replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3 $4:$5:$6');
