/** What the apps and the simulator answer, as far as buyers, operators and tests read it. */
export interface Product {
  productId: string;
  title: string;
  priceFen: number;
  stock: number;
}

export interface PlacedOrder {
  orderNo: string;
  totalFee: number;
  status: string;
  expiresAt: string;
  payUrl: string;
}

export interface OrderView {
  orderNo: string;
  status: string;
  totalFee: number;
  paidAt: string | null;
  points: number;
  log: { at: string; from: string | null; to: string; reason: string }[];
  payments: { transactionId: string; role: string; totalFee: number; paidAt: string }[];
  items: { productId: string; title: string; quantity: number; priceFen: number }[];
}

export interface StatusView {
  orderNo: string;
  outTradeNo: string | null;
  orderStatus: string;
  tradeType: string | null;
  tradeState: string | null;
  refundStatus: string | null;
  phase: string;
  totalFee: number;
  paidAt: string | null;
}

export interface CreatedCode {
  code_url: string;
  out_trade_no: string;
  total_fee: number;
  expires_at: string;
}

/** What any way to pay answers, with what is its own. */
export type CreatedWay = Record<string, string> & Omit<CreatedCode, 'code_url'>;

export interface LedgerEntry {
  seq: number;
  at: string;
  kind: string;
  outTradeNo?: string;
  transactionId?: string;
  totalFee?: number;
  /** Of a notification: what the merchant answered, `dropped` or `off` when it was lost on the way. */
  replied?: string;
  accepted?: boolean;
  /** Of a notification: how long the merchant took. */
  tookMs?: number;
  outRefundNo?: string;
  refundFee?: number;
  /** Of the end of a refund. */
  status?: string | number | null;
}

/** How often one call named one number, as the simulator counted. */
export interface CallCount {
  endpoint: string;
  number: string;
  count: number;
  mostAtOnce: number;
}
