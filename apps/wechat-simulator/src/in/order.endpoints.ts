/** unifiedorder, orderquery and closeorder: from checked fields to a step, and from its result to the answer. */
import { beijingTime } from '#wechat-pay/protocol';
import { Injectable } from '@nestjs/common';
import { couponSum, unsettled, type Coupon } from '../domain/coupon.ts';
import { Close } from '../flow/close.ts';
import { Query, type OrderStatus } from '../flow/query.ts';
import { UnifiedOrder } from '../flow/unified-order.ts';
import { type Answer, type Answers, type Opened, refuse, type Values } from './envelope.ts';
import { readCloseOrder, readOrderQuery, readUnifiedOrder } from './order-fields.ts';
import { errors, refusals, tradeStateText } from './texts.ts';

@Injectable()
export class OrderEndpoints {
  constructor(
    private readonly unifiedOrder: UnifiedOrder,
    private readonly query: Query,
    private readonly close: Close,
  ) {}

  async order(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readUnifiedOrder(opened);
    if (read.kind === 'refused') return read;
    const { request } = read;
    const result = await this.unifiedOrder.order(request);
    switch (result.kind) {
      case 'ordered': {
        const { tradeType, deviceInfo } = request;
        const code = { NATIVE: { code_url: result.codeUrl }, MWEB: { mweb_url: result.codeUrl }, JSAPI: {}, APP: {} };
        const last = { prepay_id: result.prepayId, trade_type: tradeType, ...code[tradeType] };
        return answers.success({ device_info: deviceInfo }, last);
      }
      case 'expires-too-soon':
        return refuse(refusals.expiresTooSoon, 'time_expire');
      case 'paid':
        return answers.failure(errors.paid);
      case 'closed':
        return answers.failure(errors.closed);
      case 'other-content':
        return answers.failure(errors.otherContent);
    }
  }

  async find(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readOrderQuery(opened);
    if (read.kind === 'refused') return read;
    const status = await this.query.find(read.request);
    return status ? answers.success(statusFields(status)) : answers.failure(errors.unknown);
  }

  async closeOrder(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readCloseOrder(opened);
    if (read.kind === 'refused') return read;
    switch (await this.close.byMerchant(read.request.outTradeNo)) {
      case 'closed':
        return answers.success({ result_msg: 'OK' });
      case 'paid':
        return answers.failure(errors.paid);
      case 'unknown':
        return answers.failure(errors.unknown);
      case 'too-early':
        return answers.failure(errors.closeTooEarly);
    }
  }
}

/** What each state shows, empty elements included, as captured from the real gateway. */
function statusFields({ facts, state, payment }: OrderStatus): Values {
  const told = { out_trade_no: facts.outTradeNo, trade_state: state, trade_state_desc: tradeStateText[state] };
  const attach = facts.attach ?? '';
  if (state === 'CLOSED') return { ...told, attach };
  if (!payment) return { device_info: facts.deviceInfo ?? '', total_fee: facts.totalFee, attach, ...told };
  const { totalFee, coupons = [] } = payment;
  return {
    device_info: facts.deviceInfo ?? '',
    openid: payment.openid,
    is_subscribe: 'N',
    trade_type: facts.tradeType,
    bank_type: payment.bankType,
    total_fee: totalFee,
    settlement_total_fee: unsettled(coupons) > 0 ? totalFee - unsettled(coupons) : undefined,
    fee_type: 'CNY',
    cash_fee: totalFee - couponSum(coupons),
    cash_fee_type: 'CNY',
    ...couponFields(coupons),
    transaction_id: payment.transactionId,
    attach,
    time_end: beijingTime(new Date(payment.paidAt)),
    ...told,
  };
}

function couponFields(coupons: readonly Coupon[]): Values {
  if (coupons.length === 0) return {};
  const fields: Values = { coupon_fee: couponSum(coupons), coupon_count: coupons.length };
  for (const [n, { id, type, feeFen }] of coupons.entries()) {
    fields[`coupon_id_${n}`] = id;
    fields[`coupon_type_${n}`] = type;
    fields[`coupon_fee_${n}`] = feeFen;
  }
  return fields;
}
