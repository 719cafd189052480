import { beijingTime } from '#wechat-pay/protocol';
import { Injectable, Logger } from '@nestjs/common';
import type { EndpointFault, EndpointName } from '../domain/fault-plan.ts';
import { Close } from '../flow/close.ts';
import { Merchant } from '../flow/ports.ts';
import { Query, type OrderStatus } from '../flow/query.ts';
import { UnifiedOrder } from '../flow/unified-order.ts';
import { Answers, openRequest, refusalXml, withWrongSign, type OpenedRequest, type Refusal } from './envelope.ts';
import { readCloseOrder, readOrderQuery, readUnifiedOrder } from './request-fields.ts';
import { errors, refusals, tradeStateText } from './texts.ts';

type Opened = Extract<OpenedRequest, { kind: 'opened' }>;
type Answer = string | Refusal;

/** WeChat Pay's gateway: one signed XML request in, one answer out. */
@Injectable()
export class Gateway {
  readonly #log = new Logger('gateway');

  constructor(
    private readonly merchant: Merchant,
    private readonly unifiedOrder: UnifiedOrder,
    private readonly query: Query,
    private readonly close: Close,
  ) {}

  /**
   * Answers one request, with the part of a fault that shows in the answer's text.
   * @param raw the body as it came, at most 64 KiB
   */
  async answer(endpoint: EndpointName, raw: Buffer, fault: EndpointFault): Promise<string> {
    const opened = openRequest(raw, this.merchant);
    if (opened.kind === 'refused') return this.#refused(endpoint, opened);
    const answers = new Answers(this.merchant, opened.signType);
    if (fault.systemError === 'before') return answers.failure(errors.system);
    const answer = await this.#do(endpoint, opened, answers);
    if (typeof answer !== 'string') return this.#refused(endpoint, answer);
    const sent = fault.systemError === 'after' ? answers.failure(errors.system) : answer;
    return fault.wrongSign ? withWrongSign(sent) : sent;
  }

  #refused(endpoint: EndpointName, { returnMsg, because }: Refusal): string {
    this.#log.warn(`${endpoint} refused: ${returnMsg}${because && ` (${because})`}`);
    return refusalXml(returnMsg);
  }

  #do(endpoint: EndpointName, opened: Opened, answers: Answers): Promise<Answer> {
    switch (endpoint) {
      case 'unifiedorder':
        return this.#order(opened, answers);
      case 'orderquery':
        return this.#find(opened, answers);
      case 'closeorder':
        return this.#closeOrder(opened, answers);
    }
  }

  async #order(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readUnifiedOrder(opened);
    if (read.kind === 'refused') return read;
    const { request } = read;
    const result = await this.unifiedOrder.order(request);
    switch (result.kind) {
      case 'ordered':
        return answers.success(
          { device_info: request.deviceInfo },
          { prepay_id: result.prepayId, trade_type: request.tradeType, code_url: result.codeUrl },
        );
      case 'expires-too-soon':
        return { kind: 'refused', returnMsg: refusals.expiresTooSoon, because: 'time_expire' };
      case 'paid':
        return answers.failure(errors.paid);
      case 'closed':
        return answers.failure(errors.closed);
      case 'other-content':
        return answers.failure(errors.otherContent);
    }
  }

  async #find(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readOrderQuery(opened);
    if (read.kind === 'refused') return read;
    const status = await this.query.find(read.request);
    return status ? answers.success(statusFields(status)) : answers.failure(errors.unknown);
  }

  async #closeOrder(opened: Opened, answers: Answers): Promise<Answer> {
    const read = readCloseOrder(opened);
    if (read.kind === 'refused') return read;
    switch (await this.close.byMerchant(read.request.outTradeNo)) {
      case 'closed':
        return answers.success({ result_msg: 'OK' });
      case 'paid':
        return answers.failure(errors.paid);
      case 'unknown':
        return answers.failure(errors.unknown);
    }
  }
}

/** What each state shows, empty elements included, as captured from the real gateway. */
function statusFields({ facts, state, payment }: OrderStatus): Record<string, string | number | undefined> {
  const told = { out_trade_no: facts.outTradeNo, trade_state: state, trade_state_desc: tradeStateText[state] };
  const attach = facts.attach ?? '';
  if (state === 'CLOSED') return { ...told, attach };
  if (!payment) return { device_info: facts.deviceInfo ?? '', total_fee: facts.totalFee, attach, ...told };
  return {
    device_info: facts.deviceInfo ?? '',
    openid: payment.openid,
    is_subscribe: 'N',
    trade_type: facts.tradeType,
    bank_type: payment.bankType,
    total_fee: payment.totalFee,
    fee_type: 'CNY',
    cash_fee: payment.totalFee,
    cash_fee_type: 'CNY',
    transaction_id: payment.transactionId,
    attach,
    time_end: beijingTime(new Date(payment.paidAt)),
    ...told,
  };
}
