/** What the routes of orders and refunds answer, as schemas of the OpenAPI document. Amounts in fen. */
import { z } from 'zod';
import { dateTime } from '#platform';
import { orderStatuses } from '../domain/order-states.ts';
import { refundOrigins, refundStates, repaidHows } from '../domain/refund.ts';
import { paymentRoles } from '../domain/settlement.ts';

const fen = z.int();
const orderNo = z.string();
const status = z.enum(orderStatuses);

export const placedView = z.strictObject({ orderNo, totalFee: fen, status, expiresAt: dateTime, payUrl: z.url() });

const summary = {
  orderNo,
  status,
  totalFee: fen,
  currency: z.literal('CNY'),
  title: z.string(),
  expiresAt: dateTime,
  createdAt: dateTime,
  paidAt: dateTime.nullable(),
  payUrl: z.url().nullable().describe('for the buyer who still may pay'),
};
export const ordersView = z.strictObject({ orders: z.array(z.strictObject(summary)), next: orderNo.nullable() });

const refund = {
  outRefundNo: z.string(),
  transactionId: z.string(),
  amountFen: fen,
  reason: z.string(),
  origin: z.enum(refundOrigins),
  status: z.enum(refundStates),
  requestedAt: dateTime,
  endedAt: dateTime.nullable(),
};

export const orderView = z.strictObject({
  ...summary,
  items: z.array(z.strictObject({ productId: z.string(), title: z.string(), quantity: z.int(), priceFen: fen })),
  log: z.array(z.strictObject({ at: dateTime, from: status.nullable(), to: status, reason: z.string() })),
  payments: z.array(
    z.strictObject({
      transactionId: z.string(),
      role: z.enum(paymentRoles),
      totalFee: fen,
      paidAt: dateTime,
      refundedFen: fen,
    }),
  ),
  refunds: z.array(z.strictObject(refund)),
  points: z.int(),
});

export const cancelView = z.strictObject({ orderNo, status });

export const refundRequestedView = z.strictObject({ outRefundNo: z.string(), status: z.literal('REQUESTED') });
export const anewView = refundRequestedView.extend({ amountFen: fen });

export const reviewedView = z.strictObject({
  orderNo,
  status: z.enum(['PAID', 'CANCELLED']),
  transactionId: z.string().nullable(),
  refund: z.strictObject({ outRefundNo: z.string(), amountFen: fen }).nullable().describe('what goes back'),
});

/** A refund as an operator sees it. */
export const refundView = z.strictObject({
  ...refund,
  orderNo,
  refundId: z.string().nullable().describe('its number at WeChat'),
  requestedBy: z.string().describe('empty when nobody asked'),
  restock: z.boolean(),
  replaces: z.string().nullable().describe('the refused or closed refund it was made for'),
  repaidHow: z.enum(repaidHows).nullable(),
  note: z.string().nullable(),
  whatToDo: z.string(),
});
export const refundsView = z.strictObject({ refunds: z.array(refundView), next: z.string().nullable() });
