import { readXml, XmlRefused } from '#wechat-pay/protocol';
import { Injectable, Logger } from '@nestjs/common';
import type { EndpointFault, EndpointName } from '../domain/faults.ts';
import { OrderBook } from '../domain/order-book.ts';
import { Merchant } from '../flow/ports.ts';
import { Answers, openRequest, refusalXml, type Answer, type Opened, type Refusal } from './envelope.ts';
import { FileEndpoints } from './file.endpoints.ts';
import { OrderEndpoints } from './order.endpoints.ts';
import { RefundEndpoints } from './refund.endpoints.ts';
import { billRefusals, errors, errorTexts, refusals } from './texts.ts';
import { spoil } from './wrong-answers.ts';

/** `downloadbill` says the same in other words. */
const billWords: Readonly<Record<string, { returnMsg: string; errorCode?: string }>> = {
  [refusals.sign]: billRefusals.sign,
  [refusals.missing]: billRefusals.missing,
  [refusals.notXml]: billRefusals.format,
  [refusals.notUtf8]: billRefusals.format,
  [refusals.empty]: billRefusals.format,
};

/** WeChat Pay's gateway: one signed XML request in, one answer out. */
@Injectable()
export class Gateway {
  readonly #log = new Logger('gateway');

  constructor(
    private readonly merchant: Merchant,
    private readonly book: OrderBook,
    private readonly orders: OrderEndpoints,
    private readonly refunds: RefundEndpoints,
    private readonly files: FileEndpoints,
  ) {}

  /**
   * Answers one request, with the part of a fault that shows in the answer's text.
   * @param raw the body as it came, at most 64 KiB
   * @param gatewayUrl under which address the merchant reached us
   */
  async answer(
    endpoint: EndpointName,
    raw: Buffer,
    fault: EndpointFault,
    gatewayUrl: string,
  ): Promise<string | Buffer> {
    const right = await this.#rightAnswer(endpoint, raw, fault, gatewayUrl);
    return fault.answer ? spoil(right, fault.answer, this.merchant) : right;
  }

  /** The order that a request names, by whatever number; unverified, for choosing a fault only. */
  orderNumberIn(raw: Buffer): string | undefined {
    try {
      const fields = readXml(raw);
      const refund = this.book.byRefund(fields['refund_id'] ?? fields['out_refund_no'] ?? '');
      const order = refund?.order ?? this.book.byTransaction(fields['transaction_id'] ?? '');
      return order?.outTradeNo ?? fields['out_trade_no'];
    } catch (error) {
      if (error instanceof XmlRefused) return undefined;
      throw error;
    }
  }

  async #rightAnswer(
    endpoint: EndpointName,
    raw: Buffer,
    fault: EndpointFault,
    gatewayUrl: string,
  ): Promise<string | Buffer> {
    if (fault.returnFail !== undefined) return refusalXml(fault.returnFail);
    const opened = openRequest(raw, this.merchant, endpoint === 'shorturl' ? 'long_url' : undefined);
    if (opened.kind === 'refused') return this.#refused(endpoint, opened);
    const more = fault.unknownField ? { simulator_field_2030: '新字段 & more' } : {};
    const answers = new Answers(this.merchant, opened.fields['appid'] ?? '', opened.signType, more);
    if (fault.error !== undefined) {
      return answers.failure({ code: fault.error, text: errorTexts[fault.error] ?? fault.error });
    }
    if (fault.systemError === 'before') return systemError(endpoint, answers);
    const answer = await this.#do(endpoint, { ...opened, gatewayUrl }, answers);
    if (fault.systemError === 'after') return systemError(endpoint, answers);
    if (typeof answer === 'string') return answer;
    return answer.kind === 'file' ? answer.content : this.#refused(endpoint, answer);
  }

  #refused(endpoint: EndpointName, refusal: Refusal): string {
    const { returnMsg, because } = refusal;
    this.#log.warn(`${endpoint} refused: ${returnMsg}${because && ` (${because})`}`);
    const said = endpoint === 'downloadbill' ? (billWords[returnMsg] ?? refusal) : refusal;
    return refusalXml(said.returnMsg, said.errorCode);
  }

  #do(endpoint: EndpointName, opened: Opened, answers: Answers): Promise<Answer> | Answer {
    switch (endpoint) {
      case 'unifiedorder':
        return this.orders.order(opened, answers);
      case 'orderquery':
        return this.orders.find(opened, answers);
      case 'closeorder':
        return this.orders.closeOrder(opened, answers);
      case 'refund':
        return this.refunds.refund(opened, answers);
      case 'refundquery':
        return this.refunds.find(opened, answers);
      case 'downloadbill':
        return this.files.bill(opened);
      case 'shorturl':
        return this.files.shorten(opened, answers);
    }
  }
}

const systemError = (endpoint: EndpointName, answers: Answers): string =>
  endpoint === 'downloadbill' ? refusalXml(errors.system.code) : answers.failure(errors.system);
