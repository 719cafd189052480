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

/** A product whose permanent code may be scanned: WeChat Pay's `product_id` has 32 bytes. */
export const scannableProductId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'is not a product id');

/** `pay` asks `order` whether it sells something, before a code for it is handed out. */
export const PRODUCT_FIND = 'product.find';
export const productFindRequest = z.object({ productId: scannableProductId });
export const productFindReply = z.object({ found: z.boolean() });
export type ProductFindRequest = z.infer<typeof productFindRequest>;
export type ProductFindReply = z.infer<typeof productFindReply>;

/**
 * `pay` asks `order` for the order of somebody who has scanned the code of a product: the one that is still unpaid, or a
 * new one. `scanId` names the scan, so that the same scan told twice is one order.
 */
export const PRODUCT_SCANNED = 'product.scanned';
export const productScannedRequest = z.object({
  productId: scannableProductId,
  openid: z.string().regex(/^[\x21-\x7e]{1,120}$/, 'is not an openid'),
  scanId: z.string().regex(/^[\x21-\x7e]{1,64}$/),
});
export const productScannedReply = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('order'),
    orderNo,
    totalFee: z.int().min(1),
    title: z.string().min(1),
    expiresAt: z.iso.datetime({ offset: true }),
  }),
  z.object({ kind: z.enum(['unknown-product', 'sold-out', 'busy']) }),
]);
export type ProductScannedRequest = z.infer<typeof productScannedRequest>;
export type ProductScannedReply = z.infer<typeof productScannedReply>;
