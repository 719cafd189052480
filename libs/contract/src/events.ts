/**
 * The events on the wire: plain JSON `{id, type, version, time, data}`, one zod schema per type.
 *
 * The schema is checked when an outbox row is written and again when a message is consumed; unknown extra members of
 * `data` are ignored, so a newer sender may add some. Amounts are fen (integers ≥ 1), times ISO 8601 with a zone.
 */
import { z } from 'zod';

/** 20–26 characters `[0-9A-Z]`: time and randomness, made by `order`. */
export const orderNo = z.string().regex(/^[0-9A-Z]{20,26}$/);
/** The number of one attempt at WeChat: the order number, or `<orderNo>-2`, `-3` … */
export const outTradeNo = z.string().regex(/^[0-9A-Z]{20,26}(-[1-9][0-9]{0,3})?$/);
const transactionId = z.string().regex(/^[0-9A-Za-z]{1,32}$/);
/** The number of one refund, made by us or, for one made in the merchant console, by WeChat Pay. */
export const outRefundNo = z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/);
const fen = z.int().min(1).max(9_999_999_999);
const at = z.iso.datetime({ offset: true });
/** How `pay` learned of it. */
const source = z.enum(['notify', 'query', 'close']);

const orderFacts = z.object({ orderNo, totalFee: fen, at });
const failedPayment = z.object({
  orderNo,
  outTradeNo,
  transactionId: transactionId.optional(),
  tradeState: z.string().max(32),
  totalFee: fen,
  reason: z.string().max(255),
});

const refundResult = z.object({
  orderNo,
  transactionId,
  outRefundNo,
  refundId: transactionId.optional(),
  amountFen: fen,
  /** How it ended: SUCCESS, REFUSED, CLOSED or ABNORMAL. */
  status: z.enum(['SUCCESS', 'REFUSED', 'CLOSED', 'ABNORMAL']),
  reason: z.string().max(255),
});

/** Every event type with the schema of its `data`. The type is also the routing key. */
export const eventData = {
  'payment.succeeded': z.object({
    orderNo,
    outTradeNo,
    transactionId,
    totalFee: fen,
    paidAt: at,
    tradeType: z.string().max(16),
    openid: z.string().max(128).optional(),
    source,
  }),
  'payment.failed': failedPayment,
  /** Money of another amount than asked. `paidAt` and `source` are missing in events of older senders. */
  'payment.mismatched': failedPayment.extend({ paidAt: at.optional(), source: source.optional() }),
  'payment.closed': z.object({ orderNo, closedAttempts: z.array(outTradeNo) }),
  /** The way to pay has changed: this attempt was closed for another one, or is the other one. For open pages only. */
  'payment.switched': z.object({ orderNo, outTradeNo }),
  'payment.close.requested': z.object({ orderNo, reason: z.enum(['timeout', 'buyer', 'failed']) }),
  'refund.requested': z.object({
    orderNo,
    transactionId,
    outRefundNo,
    amountFen: fen,
    reason: z.string().min(1).max(80),
  }),
  'refund.succeeded': refundResult,
  'refund.failed': refundResult,
  'refund.abnormal': refundResult,
  /** The buyer of a refund that WeChat could not pay out has the money by other means, as an operator recorded. */
  'refund.repaid': z.object({ orderNo, transactionId, outRefundNo, amountFen: fen }),
  'order.placed': z.object({ orderNo, totalFee: fen, title: z.string().min(1).max(255), expiresAt: at }),
  /** `transactionId`: the money that pays it. */
  'order.paid': orderFacts.extend({ transactionId: transactionId.optional() }),
  'order.cancelled': orderFacts,
  'order.failed': orderFacts,
  'order.refunded': orderFacts.extend({ refundedFen: fen }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;
export const eventTypes = Object.keys(eventData) as EventType[];

/** Version of the schemas above. A consumer that meets a newer one retries later, then parks. */
export const EVENT_VERSION = 1;

/** What stands in the body of a message, and in an outbox row. */
export const envelope = z.object({
  id: z.string().min(1).max(128),
  type: z.string().max(64),
  version: z.int().min(1),
  time: at,
  data: z.record(z.string(), z.unknown()),
});

/** One event as it is sent: `id` is deterministic per business fact, e.g. `payment.succeeded:<transactionId>`. */
export interface Event<T extends EventType = EventType> {
  id: string;
  type: T;
  version: number;
  time: string;
  data: EventData<T>;
}

/**
 * `required`: someone must receive it (published `mandatory`; returned or unconfirmed stays in the outbox).
 * `notice`: whoever listens; an unroutable one is sent all the same.
 */
export const eventClass: Record<EventType, 'required' | 'notice'> = {
  'payment.succeeded': 'required',
  'payment.failed': 'required',
  'payment.mismatched': 'required',
  'payment.closed': 'required',
  'payment.switched': 'notice',
  'payment.close.requested': 'required',
  'refund.requested': 'required',
  'refund.succeeded': 'required',
  'refund.failed': 'required',
  'refund.abnormal': 'required',
  'refund.repaid': 'required',
  'order.placed': 'required',
  'order.paid': 'notice',
  'order.cancelled': 'notice',
  'order.failed': 'notice',
  'order.refunded': 'notice',
};
