/** refund and refundquery: from checked fields to a step, and from its result to the answer. */
import { Injectable } from '@nestjs/common';
import { clockTime } from '../domain/bill.ts';
import { couponSum, unsettled } from '../domain/coupon.ts';
import type { Order } from '../domain/order.ts';
import { cashRefundFee, settlementRefundFee, type Refund } from '../domain/refund.ts';
import { QueryRefund } from '../flow/query-refund.ts';
import { RefundOrder, type RefundAnswer } from '../flow/refund.ts';
import { type Answer, type Answers, type Opened, type Values } from './envelope.ts';
import { readRefund, readRefundQuery } from './refund-fields.ts';
import { errors } from './texts.ts';

type RefundError = Exclude<RefundAnswer['kind'], 'accepted'>;

const refundErrors: Readonly<Record<RefundError, { code: string; text: string }>> = {
  'unknown-order': errors.unknown,
  'not-paid': errors.unknown,
  overdue: errors.overdue,
  'other-total': errors.otherFee,
  'other-fee': errors.otherFee,
  'other-order': errors.otherOrder,
  'all-refunded': errors.allRefunded,
  'too-much': errors.tooMuch,
  'too-many': errors.tooMany,
  'too-soon': errors.tooSoon,
};

@Injectable()
export class RefundEndpoints {
  constructor(
    private readonly refunds: RefundOrder,
    private readonly query: QueryRefund,
  ) {}

  async refund(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readRefund(opened);
    if (read === 'transaction-id') return answers.failure(errors.transactionId);
    if (read.kind === 'refused') return read;
    const result = await this.refunds.accept(read.request);
    if (result.kind !== 'accepted') return answers.failure(refundErrors[result.kind]);
    return answers.success(acceptedFields(result.order, result.refund));
  }

  async find(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readRefundQuery(opened);
    if (read === 'transaction-id') return answers.failure(errors.transactionId);
    if (read.kind === 'refused') return read;
    const found = await this.query.find(read.request);
    switch (found.kind) {
      case 'unknown':
        return answers.failure(errors.noRefund);
      case 'beyond':
        return answers.failure(errors.offset);
      case 'found':
        return answers.success({
          ...orderFields(found.order),
          total_refund_count: found.paged ? found.total : undefined,
          refund_count: found.refunds.length,
          refund_fee: found.refunds.reduce((sum, { refundFee }) => sum + refundFee, 0),
          ...Object.fromEntries(found.refunds.flatMap((refund, n) => Object.entries(numberedFields(refund, n)))),
        });
    }
  }
}

function orderFields({ outTradeNo, payment }: Order): Values {
  const { totalFee = 0, coupons = [] } = payment ?? {};
  return {
    transaction_id: payment?.transactionId,
    out_trade_no: outTradeNo,
    total_fee: totalFee,
    settlement_total_fee: unsettled(coupons) > 0 ? totalFee - unsettled(coupons) : undefined,
    fee_type: 'CNY',
    cash_fee: totalFee - couponSum(coupons),
    cash_fee_type: 'CNY',
  };
}

function acceptedFields(order: Order, refund: Refund): Values {
  const { coupons = [] } = refund;
  return {
    ...orderFields(order),
    out_refund_no: refund.outRefundNo,
    refund_id: refund.refundId,
    refund_channel: '',
    refund_fee: refund.refundFee,
    settlement_refund_fee: unsettled(coupons) > 0 ? settlementRefundFee(refund) : undefined,
    cash_refund_fee: cashRefundFee(refund),
    coupon_refund_fee: couponSum(coupons),
    coupon_refund_count: coupons.length,
    ...couponFields(refund, ''),
  };
}

/** One refund of a refund query: every name ends with its place in the answer. */
function numberedFields(refund: Refund, n: number): Values {
  const { coupons = [] } = refund;
  const values: Values = {
    out_refund_no: refund.outRefundNo,
    refund_id: refund.refundId,
    refund_channel: 'ORIGINAL',
    refund_fee: refund.refundFee,
    settlement_refund_fee: unsettled(coupons) > 0 ? settlementRefundFee(refund) : undefined,
    refund_status: refund.status,
    refund_account: refund.account,
    refund_recv_accout: '支付用户零钱',
    refund_success_time:
      refund.status === 'SUCCESS' && refund.endedAt !== undefined ? clockTime(refund.endedAt) : undefined,
    coupon_refund_fee: coupons.length > 0 ? couponSum(coupons) : undefined,
    coupon_refund_count: coupons.length > 0 ? coupons.length : undefined,
  };
  const numbered = Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}_${n}`, value]));
  return { ...numbered, ...couponFields(refund, `_${n}`) };
}

const couponFields = ({ coupons = [] }: Refund, suffix: string): Values =>
  Object.fromEntries(
    coupons.flatMap(({ id, type, feeFen }, m): [string, string | number][] => [
      [`coupon_refund_id${suffix}_${m}`, id],
      [`coupon_type${suffix}_${m}`, type],
      [`coupon_refund_fee${suffix}_${m}`, feeFen],
    ]),
  );
