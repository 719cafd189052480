import { type Fields, verifyFields } from '#wechat-pay/protocol';
import { Injectable } from '@nestjs/common';
import { Problem } from '#platform';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { isProductCode, readProductCode } from '../domain/product-code.ts';
import { Pay } from '../flow/pay.ts';
import { Merchant } from '../flow/ports.ts';
import { ScanProduct } from '../flow/scan-product.ts';

/** The fields that the front end hands to WeChat, and which of them is the signature: JSAPI and APP. */
const secondSignatures = [
  { sign: 'paySign', names: ['appId', 'timeStamp', 'nonceStr', 'package', 'signType'], appid: 'appId' },
  {
    sign: 'sign',
    names: ['appid', 'partnerid', 'prepayid', 'package', 'noncestr', 'timestamp'],
    appid: 'appid',
  },
] as const;

/** Understands whatever a phone can open: codes, short codes, product codes, prepay ids, mweb addresses, parameters. */
@Injectable()
export class Scanner {
  constructor(
    private readonly book: OrderBook,
    private readonly merchant: Merchant,
    private readonly phone: Pay,
    private readonly products: ScanProduct,
  ) {}

  /**
   * The order that this leads to, in whatever state.
   * @throws Problem 404 CODE_UNKNOWN, 410 CODE_EXPIRED, 400 CODE_MALFORMED, 502 SCAN_REFUSED with the merchant's words
   */
  async open(text: string): Promise<Order> {
    const code = this.book.longUrl(text) ?? text;
    if (isProductCode(code)) return this.#product(code);
    const result = this.phone.scan(code.startsWith('{') ? this.#signed(code) : plain(code));
    switch (result.kind) {
      case 'unknown-code':
        throw new Problem(404, 'CODE_UNKNOWN', 'Nothing can be paid with this code; a newer one may have replaced it.');
      case 'expired-code':
        throw new Problem(410, 'CODE_EXPIRED', 'This code is too old; ask the shop for a new one.');
      case 'order':
        return result.order;
    }
  }

  /** Mode 1, with the words that WeChat shows. */
  async #product(code: string): Promise<Order> {
    const fields = readProductCode(code);
    const signType = fields && verifyFields(fields, this.merchant.apiKey, ['MD5', 'HMAC-SHA256']);
    const isOurs = fields?.['appid'] === this.merchant.appid && fields['mch_id'] === this.merchant.mchId;
    if (!signType || !isOurs) throw malformed('原生支付URL参数错误');
    const result = await this.products.scan(fields['product_id'] ?? '', signType);
    switch (result.kind) {
      case 'order':
        return result.order;
      case 'refused':
        throw new Problem(502, 'SCAN_REFUSED', result.text === '' ? '商户未说明原因' : result.text);
      case 'malformed':
        throw new Problem(502, 'SCAN_REFUSED', '商户后台返回的数据字段结构不合法');
      case 'no-callback':
        throw new Problem(409, 'NO_SCAN_URL', 'Set scanUrl (PUT /control/rules) or SIMULATOR_SCAN_URL first.');
    }
  }

  /** The second signature is checked as the cashier does it. */
  #signed(json: string): string {
    const given = readParameters(json);
    const kind = secondSignatures.find(({ sign }) => given?.[sign] !== undefined);
    if (!given || !kind) throw malformed('调用支付JSAPI缺少参数');
    const signed: Fields = { sign: given[kind.sign] ?? '' };
    for (const name of kind.names) signed[name] = given[name] ?? '';
    const missing = kind.names.find((name) => signed[name] === '');
    if (missing !== undefined) throw malformed(`调用支付缺少参数: ${missing}`);
    const order = this.book.byPrepay(given['prepayid'] ?? (given['package'] ?? '').replace('prepay_id=', ''));
    const signType = order?.signType ?? 'MD5';
    const named = given['signType'];
    const isGood = verifyFields(signed, this.merchant.apiKey, [signType]) !== undefined;
    if (!isGood || (named !== undefined && named !== signType) || signed[kind.appid] !== order?.appid) {
      throw malformed('支付验证签名失败');
    }
    return order?.codeUrl ?? '';
  }
}

/** The page for MWEB may carry where to go afterwards; a bare prepay id stands for itself. */
const plain = (code: string): string =>
  /^wx\w{34}$/.test(code) ? `prepay_id=${code}` : code.replace(/&redirect_url=.*$/, '');

const malformed = (text: string): Problem => new Problem(400, 'CODE_MALFORMED', text);

function readParameters(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null) return undefined;
    const texts = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
    return Object.fromEntries(texts);
  } catch {
    return undefined;
  }
}
