// Answers a scanned product code (mode 1) while WeChat waits: `order` finds or places the order of who has scanned, and it
// is made payable. What cannot be sold is said in words that the buyer reads on the phone. Next: the buyer pays, notify.
import { Injectable, Logger } from '@nestjs/common';
import type { PrepayRefusal } from '../domain/payable.ts';
import { atMost } from './at-most.ts';
import { Attempts, Counts, ProductCodes, Products, type ProductScan } from './ports.ts';
import { Prepay } from './prepay.ts';

/** WeChat gives up after five seconds: so long for `order`, for WeChat itself, and for everything together. */
const ORDER_MS = 1_500;
const PREPARE_MS = 2_500;
const ANSWER_WITHIN_MS = 4_500;

/** `signed`: an answer of ours; `unsigned`: to whom, or to what, is not known. Both are shown to the buyer. */
export type ScanReply = { kind: 'signed'; xml: string } | { kind: 'unsigned'; message: string };

const NOT_RECOGNIZED = '商家无法识别这次扫码';
const BUSY = '商家系统繁忙，请稍后再扫一次';
/** What the buyer reads; at most 128 bytes each. */
const words: Readonly<Record<'unknown-product' | 'sold-out' | 'busy' | PrepayRefusal, string>> = {
  'unknown-product': '没有这个商品',
  'sold-out': '商品已售罄',
  busy: BUSY,
  ORDER_PAID: '这次扫码的订单已经支付',
  ORDER_CLOSED: '订单已关闭，请再扫一次',
  ORDER_EXPIRED: '订单已超时，请再扫一次',
  ORDER_CLOSING: '订单正在关闭，请稍后再扫一次',
  ORDER_IN_REVIEW: '订单的付款正在核对，请联系商家',
  TOO_MANY_ATTEMPTS: '这个订单无法再次发起支付，请联系商家',
};

@Injectable()
export class Scan {
  private readonly logger = new Logger('scan');

  constructor(
    private readonly codes: ProductCodes,
    private readonly products: Products,
    private readonly attempts: Attempts,
    private readonly prepay: Prepay,
    private readonly counts: Counts,
  ) {}

  /**
   * Never throws: what goes wrong is a text for the buyer.
   *
   * @param raw the body, byte by byte as it came
   * @param remoteIp told to WeChat as `spbill_create_ip`
   */
  async receive(raw: Buffer, remoteIp: string): Promise<ScanReply> {
    const opened = this.codes.open(raw);
    if (opened.kind === 'refused') {
      this.counts.notice(`scan-${opened.reason}`);
      this.logger.warn({ reason: opened.reason, ip: remoteIp }, 'a scan was answered FAIL');
      return { kind: 'unsigned', message: NOT_RECOGNIZED };
    }
    const { scan } = opened;
    const work = this.work(scan, remoteIp).catch((error: unknown) => {
      this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a scan met our own trouble');
      return this.refuse(scan, 'own-trouble', BUSY);
    });
    const answer = await atMost(ANSWER_WITHIN_MS, work, () => this.refuse(scan, 'deadline', BUSY));
    return { kind: 'signed', xml: this.codes.answer(scan.signType, answer) };
  }

  private async work(scan: ProductScan, remoteIp: string): Promise<{ prepayId: string } | { refusal: string }> {
    const order = await this.products.orderFor(scan, ORDER_MS);
    if (order === 'unreachable') return this.refuse(scan, order, BUSY);
    if (typeof order === 'string') return this.refuse(scan, order, words[order]);
    await this.attempts.place([order]);
    const answer = await this.prepay.scanned(order.orderNo, remoteIp, PREPARE_MS);
    if (answer.kind === 'ready') {
      this.counts.notice('scan-ready');
      return { prepayId: answer.prepayId };
    }
    if (answer.kind === 'refused') return this.refuse(scan, answer.reason, words[answer.reason]);
    return this.refuse(scan, answer.kind, BUSY);
  }

  private refuse({ productId }: ProductScan, reason: string, refusal: string): { refusal: string } {
    this.counts.notice(`scan-${reason}`);
    this.logger.warn({ productId, reason }, 'a scan was refused');
    return { refusal };
  }
}
