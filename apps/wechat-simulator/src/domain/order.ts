/**
 * One order as WeChat Pay keeps it, and the machine that moves it. A number is paid at most once, and what is paid or
 * closed stays so (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_2).
 */

import type { Coupon } from './coupon.ts';
import type { Refund } from './refund.ts';

/** `trade_state` of an order query. REFUND: paid, and at least one refund was accepted, in part or whole. */
export type TradeState = 'NOTPAY' | 'USERPAYING' | 'PAYERROR' | 'SUCCESS' | 'REFUND' | 'CLOSED';

/** What can happen to an order. */
export type OrderMove = 'orderAgain' | 'leave' | 'capture' | 'bankRefuses' | 'close' | 'refund';

const whileUnpaid = {
  orderAgain: 'NOTPAY',
  leave: 'USERPAYING',
  capture: 'SUCCESS',
  bankRefuses: 'PAYERROR',
  close: 'CLOSED',
} as const;

/**
 * The whole machine. A missing move is refused. USERPAYING and PAYERROR are not final: until the order is closed the
 * same code can still be paid, which is why a merchant must close before he believes in a failure.
 */
export const orderMachine: Readonly<Record<TradeState, Readonly<Partial<Record<OrderMove, TradeState>>>>> = {
  NOTPAY: { ...whileUnpaid },
  USERPAYING: { ...whileUnpaid },
  PAYERROR: { ...whileUnpaid },
  SUCCESS: { refund: 'REFUND' },
  REFUND: { refund: 'REFUND' },
  CLOSED: {},
};

export type SignType = 'MD5' | 'HMAC-SHA256';

/** How far away an order without `time_expire` is closed: 7 days (documented for API v3, assumed for v2). */
export const UNPAID_ORDER_LIVES_MS = 7 * 24 * 3_600_000;

export const tradeTypes = ['NATIVE', 'JSAPI', 'APP', 'MWEB'] as const;
export type TradeType = (typeof tradeTypes)[number];

/** How long what an order call returned can be paid: `prepay_id` and `code_url` 2 hours, `mweb_url` 5 minutes. */
export const CODE_LIVES_MS: Readonly<Record<TradeType, number>> = {
  NATIVE: 2 * 3_600_000,
  JSAPI: 2 * 3_600_000,
  APP: 2 * 3_600_000,
  MWEB: 5 * 60_000,
};

/** What the merchant ordered; never changes under one number. */
export interface OrderFacts {
  outTradeNo: string;
  appid: string;
  mchId: string;
  tradeType: TradeType;
  body: string;
  totalFee: number;
  notifyUrl: string;
  attach?: string | undefined;
  deviceInfo?: string | undefined;
  /** JSAPI: the only user who can pay. */
  openid?: string | undefined;
  productId?: string | undefined;
  /** Every field of the request that makes up its content, in one text: a repeat must have the same. */
  content: string;
}

/** Money taken from the user. `totalFee` differs from the order's only when a test asked for it. */
export interface Payment {
  transactionId: string;
  openid: string;
  bankType: string;
  totalFee: number;
  coupons?: Coupon[] | undefined;
  /** Epoch milliseconds as the merchant's clock shows them. */
  paidAt: number;
  /** The same moment on the time line. */
  paidOn: number;
}

/** One message to the merchant, repeated until he accepts it. */
export interface Notice {
  result: 'SUCCESS' | 'FAIL';
  /** The refund it is about; absent: the payment. */
  outRefundNo?: string | undefined;
  tries: NoticeTry[];
  accepted: boolean;
}

/** One try to deliver a notice; `status` is null when no HTTP answer came. */
export interface NoticeTry {
  at: string;
  attempt: number;
  duplicate: boolean;
  status: number | null;
  replied: string;
  accepted: boolean;
  /** How long the merchant took, in milliseconds; absent when nothing was sent. */
  tookMs?: number | undefined;
  /** Where the repeat schedule counts on from. */
  endedOn: number;
}

/** Times with `On` are points of the simulator's time line (see `clock.ts`), not of the calendar. */
export interface Order extends OrderFacts {
  state: TradeState;
  signType: SignType;
  prepayId: string;
  /** What opens the payment: `code_url`, `mweb_url`, or `prepay_id=…` for JSAPI and APP. */
  codeUrl: string;
  codeExpiresOn: number;
  createdOn: number;
  expiresOn: number;
  payment?: Payment;
  refunds: Refund[];
  notices: Notice[];
}
