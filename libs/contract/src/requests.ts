/**
 * Request/response between the apps (direct reply-to, 2 s deadline): used only where a buyer is faster than an event.
 * Sent to the queue {@link orderRequests} through the default exchange, with the pattern as the message type.
 */
import { z } from 'zod';
import { orderNo } from './events.ts';

/** `pay` asks `order` for an order whose `order.placed` has not arrived yet. */
export const ORDER_PAYABLE = 'order.payable';
export const orderPayableRequest = z.object({ orderNo });
export const orderPayableReply = z.discriminatedUnion('found', [
  z.object({ found: z.literal(false) }),
  z.object({
    found: z.literal(true),
    orderNo,
    totalFee: z.int().min(1),
    title: z.string().min(1),
    expiresAt: z.iso.datetime({ offset: true }),
    status: z.string(),
  }),
]);
export type OrderPayableRequest = z.infer<typeof orderPayableRequest>;
export type OrderPayableReply = z.infer<typeof orderPayableReply>;
