/** What WeChat posts, made here: to arrive when, how often and how a test wants it. */
import { connect } from 'node:net';
import type { LedgerEntry } from '../../apps/wechat-simulator/src/domain/ledger-entry.ts';
import type { Instance, Twins } from './twins.ts';
import { beijingTime } from '#wechat-pay/protocol';
import { encryptRefundNotice, signPaymentNotice, type TestMerchant } from '#wechat-pay/testing';

export type Captured = Extract<LedgerEntry, { kind: 'captured' }>;
export type Refunded = Extract<LedgerEntry, { kind: 'refunded' }>;
type Changes = Record<string, string | number | undefined>;

const WITHIN_MS = 20_000;

export class Notices {
  constructor(private readonly twins: Twins) {}

  /** The account of the tests; the key was made for this run. */
  get merchant(): TestMerchant {
    return { appid: 'wx8888888888888888', mchId: '1900000109', apiKey: this.twins.world.secrets.WECHAT_API_KEY };
  }

  /** The payment that WeChat has taken for this number. */
  async captured(outTradeNo: string): Promise<Captured> {
    const all = await this.twins.control.ledger('captured');
    const one = all.find((entry) => entry.outTradeNo === outTradeNo);
    if (!one) throw new Error(`WeChat took nothing for ${outTradeNo}`);
    return one;
  }

  /** The notification of a payment; `changes` are made before it is signed. */
  ofPayment({ outTradeNo, transactionId, totalFee, openid, paidAt }: Captured, changes: Changes = {}): string {
    const facts = { out_trade_no: outTradeNo, transaction_id: transactionId, total_fee: totalFee, openid };
    return signPaymentNotice(this.merchant, { ...facts, time_end: beijingTime(new Date(paidAt)), ...changes });
  }

  /** The notification of a refund that has come to its end. */
  ofRefund({ refundFee, ...refund }: Refunded, transactionId: string, changes: Changes = {}): string {
    return encryptRefundNotice(this.merchant, {
      out_trade_no: refund.outTradeNo,
      transaction_id: transactionId,
      out_refund_no: refund.outRefundNo,
      refund_id: refund.refundId,
      total_fee: refund.totalFee,
      refund_fee: refundFee,
      ...changes,
    });
  }

  url(instance: Instance, about: 'url' | 'refund' = 'url'): string {
    return `${this.twins.links(instance).pay}/weixin/pay/notify/${about}`;
  }

  /** Posts it as WeChat does. @returns `SUCCESS`, `FAIL`, or the whole of any other answer */
  async post(body: string | Buffer, instance: Instance = 1, about: 'url' | 'refund' = 'url'): Promise<string> {
    const answer = await fetch(this.url(instance, about), {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body,
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    return codeIn(await answer.text());
  }

  /** Writes these bytes to the port of `pay`, whatever they are. @returns all that comes back until it hangs up */
  raw(bytes: string | Buffer, instance: Instance = 1): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.twins.world.portsOf(instance).pay, '127.0.0.1', () => socket.write(bytes));
      socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error('no answer')));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
    });
  }
}

/** `SUCCESS` or `FAIL` of an answer in the only form that WeChat understands; else the answer itself. */
export const codeIn = (answer: string): string =>
  /<xml><return_code><!\[CDATA\[(SUCCESS|FAIL)\]\]><\/return_code>/.exec(answer)?.[1] ?? answer;
