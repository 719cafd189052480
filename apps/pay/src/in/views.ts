/** What the routes of orders and refunds answer, as schemas of the OpenAPI document. Amounts in fen. */
import { z } from 'zod';
import { dateTime } from '#platform';
import { refundOrigins, refundStates } from '../domain/refund.ts';
import { phases, shownOrderStatuses, shownTradeStates } from '../domain/view.ts';
import { tradeTypes } from '../domain/way.ts';

const fen = z.int();

export const statusView = z.strictObject({
  orderNo: z.string(),
  outTradeNo: z.string().nullable(),
  orderStatus: z.enum(shownOrderStatuses),
  tradeType: z.enum(tradeTypes).nullable().describe('open, or by which it was paid'),
  tradeState: z
    .enum(shownTradeStates)
    .nullable()
    .describe('FAILED also when another amount came than was asked, until an operator accepts it'),
  refundStatus: z.enum(refundStates).nullable().describe('of the newest refund'),
  phase: z.enum(phases).describe('what to tell a buyer; `paid` only when the order is PAID'),
  totalFee: fen,
  title: z.string(),
  expiresAt: dateTime,
  paidAt: dateTime.nullable(),
  codeUrlExpiresAt: dateTime.nullable(),
  serverTime: dateTime,
});

export const refundsView = z.strictObject({
  refunds: z.array(
    z.strictObject({
      outRefundNo: z.string(),
      orderNo: z.string(),
      transactionId: z.string(),
      amountFen: fen,
      origin: z.enum(refundOrigins),
      state: z.enum(refundStates),
      refundId: z.string().nullable().describe('its number at WeChat'),
      calledAt: dateTime.nullable().describe('when WeChat was last called with it'),
      nextTryAt: dateTime.nullable(),
      tries: z.int(),
      lastError: z.string().describe('why the last try did not end it, or why WeChat refused it'),
      createdAt: dateTime,
      whatToDo: z.string(),
    }),
  ),
  next: z.string().nullable(),
});
