import type { Event } from '#contract';
import { event } from '#platform';
import type { Attempt } from '../../domain/attempt.ts';
import type { FailedPayment, Payment } from '../../domain/payment.ts';

/** Event ids name the business fact, so the same fact told twice is one message to whoever keeps ids. */
export const succeeded = (
  orderNo: string,
  {
    outTradeNo,
    transactionId,
    totalFee,
    paidAt,
    tradeType,
    openid,
    source,
  }: Omit<Payment, 'kind' | 'mchId' | 'appid' | 'bankType'>,
): Event =>
  event('payment.succeeded', `payment.succeeded:${transactionId}`, {
    orderNo,
    outTradeNo,
    transactionId,
    totalFee,
    paidAt: paidAt.toISOString(),
    tradeType: tradeType.slice(0, 16),
    ...(openid === undefined ? {} : { openid }),
    source,
  });

/** The same from what is stored, to tell it again. Undefined for an attempt that has not succeeded. */
export function succeededAgain(attempt: Attempt): Event | undefined {
  const { orderNo, outTradeNo, transactionId, totalFee, paidAt, tradeType, openid, settleSource } = attempt;
  if (transactionId === null || paidAt === null) return undefined;
  const source = settleSource ?? 'query';
  return succeeded(orderNo, {
    outTradeNo,
    transactionId,
    totalFee,
    paidAt,
    tradeType,
    openid: openid ?? undefined,
    source,
  });
}

export const mismatched = (
  orderNo: string,
  { outTradeNo, transactionId, totalFee, paidAt, source }: Payment,
  expectedFee: number,
): Event =>
  event('payment.mismatched', `payment.mismatched:${transactionId}`, {
    orderNo,
    outTradeNo,
    transactionId,
    tradeState: 'SUCCESS',
    totalFee,
    reason: `total_fee ${totalFee}, expected ${expectedFee}`,
    paidAt: paidAt.toISOString(),
    source,
  });

export const failed = (attempt: Attempt, { transactionId, tradeState, reason }: FailedPayment): Event =>
  event('payment.failed', `payment.failed:${attempt.outTradeNo}`, {
    orderNo: attempt.orderNo,
    outTradeNo: attempt.outTradeNo,
    ...(transactionId === undefined ? {} : { transactionId }),
    tradeState: tradeState.slice(0, 32),
    totalFee: attempt.totalFee,
    reason: reason.slice(0, 255),
  });

export const closed = (orderNo: string, command: number, attempts: readonly Attempt[]): Event =>
  event('payment.closed', `payment.closed:${orderNo}:${command}`, {
    orderNo,
    closedAttempts: attempts.map(({ outTradeNo }) => outTradeNo),
  });
