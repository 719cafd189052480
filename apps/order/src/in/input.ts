import { createHash } from 'node:crypto';
import { z } from 'zod';
import { orderNo, outRefundNo } from '#contract';
import { checkInput, plainText, Problem, type Identity } from '#platform';
import { orderStatuses } from '../domain/order-states.ts';
import { refundStates, repaidHows } from '../domain/refund.ts';
import { decisions } from '../domain/review.ts';

const productId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a product id');

/** Body of `POST /orders`. Prices and amounts that a client sends are not read. */
export const placeOrderBody = z.object({
  items: z
    .array(z.object({ productId, quantity: z.int().min(1).max(999) }))
    .min(1)
    .max(50)
    .superRefine((items, context) => {
      const seen = new Set<string>();
      for (const [index, item] of items.entries()) {
        if (seen.has(item.productId)) {
          context.addIssue({ code: 'custom', path: [index, 'productId'], message: 'stands in the list twice' });
        }
        seen.add(item.productId);
      }
    }),
});
export type PlaceOrderBody = z.infer<typeof placeOrderBody>;

/**
 * Body of `POST /orders/:orderNo/refunds`. WeChat shows the reason to the buyer. What operators send is strict: a word that
 * is misspelt, such as `restok`, is refused and not overlooked.
 */
export const refundBody = z.strictObject({
  amountFen: z.int().min(1).max(9_999_999_999),
  reason: plainText(80).min(1),
  restock: z.boolean().default(false),
});
export type RefundBody = z.infer<typeof refundBody>;

/** Body of `POST /operator/orders/:orderNo/review`. */
export const reviewBody = z.strictObject({ decision: z.enum(decisions), note: plainText(200).default('') });
export type ReviewBody = z.infer<typeof reviewBody>;

/** Body of `POST /operator/anomalies/:id/refund`. WeChat shows the reason to the buyer. */
export const anewBody = z.strictObject({ reason: plainText(80).min(1) });
export type AnewBody = z.infer<typeof anewBody>;

/** Body of `POST /operator/refunds/:outRefundNo/repaid`: how, and what proves it (a number of a transfer, say). */
export const repaidBody = z.strictObject({ how: z.enum(repaidHows), note: plainText(200).min(1) });
export type RepaidBody = z.infer<typeof repaidBody>;

export const refundStateQuery = z.enum(refundStates).optional();
export const refundCursorQuery = outRefundNo.optional();

/** SHA-256 of what an operator's request means. */
export const fingerprint = (...parts: readonly (string | number | boolean)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** SHA-256 of what the request means. */
export function refundFingerprintOf(orderNo: string, { amountFen, reason, restock }: RefundBody): string {
  return fingerprint('refund', orderNo, amountFen, reason, restock);
}

export const statusQuery = z.enum(orderStatuses).optional();
export const cursorQuery = orderNo.optional();

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters, no spaces');

/** @throws Problem 400 when the header is missing or not usable as a key */
export function readIdempotencyKey(header: unknown): string {
  return checkInput(idempotencyKey, header ?? '', 'Idempotency-Key');
}

/** SHA-256 of what the request means: the order of its items and unknown members do not count. */
export function fingerprintOf({ items }: PlaceOrderBody): string {
  const canonical = items.map((item) => [item.productId, item.quantity] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

/** @throws Problem 404 for whatever cannot be the number of a refund: there is no such refund */
export function readOutRefundNo(text: string): string {
  if (!outRefundNo.safeParse(text).success) throw refundNotFound();
  return text;
}

export function refundNotFound(): Problem {
  return new Problem(404, 'REFUND_NOT_FOUND', 'There is no such refund.');
}

/** @throws Problem 404 for whatever cannot be an order number: such an order does not exist */
export function readOrderNo(text: string): string {
  if (!orderNo.safeParse(text).success) throw orderNotFound();
  return text;
}

export function orderNotFound(): Problem {
  return new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
}

/** A buyer's id as it is stored. @throws Problem 403 when the token's `sub` is not printable ASCII */
export function buyerIdOf({ sub }: Identity): string {
  if (!/^[\x21-\x7e]{1,128}$/.test(sub)) {
    throw new Problem(403, 'BUYER_NOT_SUPPORTED', 'The subject of the token must be printable ASCII without spaces.');
  }
  return sub;
}

/** Why a key is not answered with what was stored under it. */
export const keyRefused = (kind: 'key-reused' | 'key-busy'): Problem =>
  kind === 'key-reused'
    ? new Problem(422, 'IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.')
    : new Problem(409, 'IDEMPOTENCY_KEY_BUSY', 'The first request with this Idempotency-Key still runs.', {
        retryAfterSeconds: 1,
      });
