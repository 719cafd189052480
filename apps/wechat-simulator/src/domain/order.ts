/**
 * One order as WeChat Pay keeps it, and the machine that moves it. A number is paid at most once, and what is paid or
 * closed stays so (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_2).
 */

/** `trade_state` of an order query; refunds will add REFUND. */
export type TradeState = 'NOTPAY' | 'PAYERROR' | 'SUCCESS' | 'CLOSED';

/** What can happen to an order. */
export type OrderMove = 'orderAgain' | 'capture' | 'bankRefuses' | 'close';

/**
 * The whole machine. A missing move is refused. PAYERROR is not final: until the order is closed the same code can
 * still be paid, which is why a merchant must close before he believes in a failure.
 */
export const orderMachine: Readonly<Record<TradeState, Readonly<Partial<Record<OrderMove, TradeState>>>>> = {
  NOTPAY: { orderAgain: 'NOTPAY', capture: 'SUCCESS', bankRefuses: 'PAYERROR', close: 'CLOSED' },
  PAYERROR: { orderAgain: 'NOTPAY', capture: 'SUCCESS', bankRefuses: 'PAYERROR', close: 'CLOSED' },
  SUCCESS: {},
  CLOSED: {},
};

export type SignType = 'MD5' | 'HMAC-SHA256';

/** How far away an order without `time_expire` is closed: 7 days (documented for API v3, assumed for v2). */
export const UNPAID_ORDER_LIVES_MS = 7 * 24 * 3_600_000;

/** A `code_url` can be scanned for 2 hours. */
export const CODE_LIVES_MS = 2 * 3_600_000;

/** What the merchant ordered; never changes under one number. */
export interface OrderFacts {
  outTradeNo: string;
  appid: string;
  mchId: string;
  tradeType: string;
  body: string;
  totalFee: number;
  notifyUrl: string;
  attach?: string | undefined;
  deviceInfo?: string | undefined;
  /** Every field of the request that makes up its content, in one text: a repeat must have the same. */
  content: string;
}

/** Money taken from the user. `totalFee` differs from the order's only when a test asked for it. */
export interface Payment {
  transactionId: string;
  openid: string;
  bankType: string;
  totalFee: number;
  /** Epoch milliseconds as the merchant's clock shows them. */
  paidAt: number;
}

/** One message to the merchant, repeated until he accepts it. */
export interface Notice {
  result: 'SUCCESS' | 'FAIL';
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
  /** Where the repeat schedule counts on from. */
  endedOn: number;
}

/** Times with `On` are points of the simulator's time line (see `clock.ts`), not of the calendar. */
export interface Order extends OrderFacts {
  state: TradeState;
  signType: SignType;
  prepayId: string;
  codeUrl: string;
  codeExpiresOn: number;
  createdOn: number;
  expiresOn: number;
  payment?: Payment;
  notices: Notice[];
}
