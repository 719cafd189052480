/** Everything that is known after a run: what `archive.ts` reads where it lies, and what buyers and nemesis noted. */
import type { CallCount, LedgerEntry } from '../stack/client.ts';
import type { Call, KeyUse } from './diary.ts';
import type { Outage, Silence } from './outages.ts';
import type { Probe } from './probes.ts';

export interface OrderFact {
  orderNo: string;
  status: string;
  totalFee: number;
}
export interface LogFact {
  orderNo: string;
  from: string | null;
  to: string;
  reason: string;
  at: Date;
}
export interface PaymentFact {
  transactionId: string;
  orderNo: string;
  outTradeNo: string;
  role: string;
  totalFee: number;
  source: string;
  bookedAt: Date;
  /** What is back with the buyer, and what is set aside to go back. */
  refundedFen: number;
  reservedFen: number;
}
/** A refund as `order` knows it. */
export interface RefundRequestFact {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  origin: string;
  restock: boolean;
  state: string;
  requestedAt: Date;
  endedAt: Date | null;
}
/** A refund as `pay` carries it out. */
export interface RefundFact {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  state: string;
  lastError: string;
}
export interface AttemptFact {
  orderNo: string;
  outTradeNo: string;
  state: string;
  transactionId: string | null;
  totalFee: number;
  settleSource: string | null;
}
export interface NoticeFact {
  kind: string;
  outTradeNo: string;
  transactionId: string | null;
  outcome: string;
}
export interface AnomalyFact {
  kind: string;
  orderNo: string | null;
  outTradeNo: string | null;
  transactionId: string;
  state: string;
}
export interface ReservationFact {
  orderNo: string;
  productId: string;
  quantity: number;
  state: string;
}

/** What both schemas say. */
export interface Books {
  orders: OrderFact[];
  log: LogFact[];
  payments: PaymentFact[];
  refundRequests: RefundRequestFact[];
  refunds: RefundFact[];
  reservations: ReservationFact[];
  points: { orderNo: string; reason: string; points: number }[];
  stock: { productId: string; stock: number }[];
  attempts: AttemptFact[];
  payables: { orderNo: string; state: string; orderStatus: string }[];
  notices: NoticeFact[];
  anomaliesOfOrder: AnomalyFact[];
  anomaliesOfPay: AnomalyFact[];
  outbox: { app: string; messageId: string; attempts: number; lastError: string }[];
  parked: { app: string; messageId: string; reason: string }[];
}

export interface Evidence extends Books {
  stockBefore: { productId: string; stock: number }[];
  ledger: LedgerEntry[];
  queues: { name: string; messages: number | undefined }[];
  /** Orders that Redis holds due since long. */
  overdue: string[];
  calls: Call[];
  keys: KeyUse[];
  surprises: string[];
  silences: Silence[];
  crashes: string[];
  notReady: string | undefined;
  /** What had not come to rest when time was up. */
  restless: string[];
  /** `<file>: <which secret>`. */
  leaks: string[];
  /** How often each message was published, when a tap counted. */
  copies: ReadonlyMap<string, number>;
  mostCopies: number;
  /** How often each message was handed to a consumer, when a tap counted. */
  deliveries: ReadonlyMap<string, number>;
  mostDeliveries: number;
  /** What WeChat was asked, by endpoint and number. */
  wechatCalls: CallCount[];
  mostAtOnce: Readonly<Record<string, number>>;
  outages: Outage[];
  probes: Probe[];
  /** Resident memory of each process after a full collection, when it was measured. */
  memory: MemoryFact[];
}

/** In bytes: after the warm-up, and after everything had come to rest. */
export interface MemoryFact {
  process: string;
  before: number;
  after: number;
}

/** For a run that looks at nothing but the books, the buyers and the servers. */
export const UNWATCHED = {
  ...{ wechatCalls: [], mostAtOnce: {}, outages: [], probes: [], memory: [] },
  ...{ copies: new Map<string, number>(), mostCopies: Infinity },
  ...{ deliveries: new Map<string, number>(), mostDeliveries: Infinity },
} satisfies Partial<Evidence>;
