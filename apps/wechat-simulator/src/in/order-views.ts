import { Problem } from '#platform';
import type { NoticeTry, Order } from '../domain/order.ts';
import type { Refund } from '../domain/refund.ts';
import type { PayResult } from '../flow/pay.ts';
import type { NoticeView, OrderView, PayView, RefundView } from './control.views.ts';

/** @throws Problem 409 when there is nothing left to pay, 400 when the coupons leave nothing to pay */
export function payView(result: PayResult): PayView {
  switch (result.kind) {
    case 'already-paid':
      throw new Problem(409, 'ORDER_PAID', 'This order is paid already.');
    case 'already-closed':
      throw new Problem(409, 'ORDER_CLOSED', 'This order is closed.');
    case 'coupons-too-high':
      throw new Problem(400, 'COUPONS_TOO_HIGH', 'Something has to be paid besides the coupons.');
    case 'done': {
      const { state, transactionId, paidAt } = result;
      return { state, transactionId, paidAt: paidAt === null ? null : isoTime(paidAt) };
    }
  }
}

export const orderView = (order: Order): OrderView => ({
  outTradeNo: order.outTradeNo,
  tradeType: order.tradeType,
  state: order.state,
  body: order.body,
  totalFee: order.totalFee,
  codeUrl: order.codeUrl,
  transactionId: order.payment?.transactionId ?? null,
  paidFee: order.payment?.totalFee ?? null,
  notifications: triesOf(order, undefined),
  refunds: order.refunds.map((refund) => refundView(order, refund)),
});

export const refundView = (order: Order, refund: Refund): RefundView => ({
  outRefundNo: refund.outRefundNo,
  refundId: refund.refundId,
  outTradeNo: order.outTradeNo,
  refundFee: refund.refundFee,
  status: refund.status,
  acceptedAt: isoTime(refund.acceptedAt),
  endedAt: refund.endedAt === undefined ? null : isoTime(refund.endedAt),
  notifications: triesOf(order, refund.outRefundNo),
});

/** What the merchant was told of the payment, or of one refund, and what he said. */
const triesOf = (order: Order, outRefundNo: string | undefined): NoticeView[] =>
  order.notices
    .filter((notice) => notice.result === 'SUCCESS' && notice.outRefundNo === outRefundNo)
    .flatMap(({ tries }) => tries.map(tryView));

const tryView = ({ at, attempt, status, replied, accepted }: NoticeTry): NoticeView => ({
  at,
  attempt,
  status,
  replied,
  accepted,
});

export const isoTime = (at: number): string => new Date(at).toISOString();
