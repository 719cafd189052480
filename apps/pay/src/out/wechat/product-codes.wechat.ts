import { Injectable } from '@nestjs/common';
import { openProductScan, productCodeUrl, productScanReply, WechatPayClient } from '#wechat-pay';
import type { SignType } from '../../domain/attempt.ts';
import { type OpenedScan, ProductCodes, type Shortened } from '../../flow/ports.ts';
import type { WechatAccount } from './gateway.wechat.ts';

/** Product codes of API v2 (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4). */
@Injectable()
export class ProductCodesWechat extends ProductCodes {
  private readonly client: WechatPayClient;

  /** @param signType of our own calls; a code has no place for another algorithm than MD5, and a scan names its own */
  constructor(
    private readonly account: WechatAccount,
    signType: SignType,
  ) {
    super();
    this.client = new WechatPayClient({ ...account, signType });
  }

  override url(productId: string): string {
    return productCodeUrl(this.account, { productId });
  }

  override async shorten(url: string, deadlineMs: number): Promise<Shortened> {
    const answer = await this.client.shortUrl(url, { deadlineMs });
    if (answer.kind === 'ok') return { kind: 'short', url: answer.value.shortUrl };
    return answer.kind === 'refused' ? answer : { kind: 'unknown' };
  }

  override open(raw: Buffer): OpenedScan {
    const opened = openProductScan(raw, { keys: this.account, allowed: ['MD5', 'HMAC-SHA256'] });
    if (opened.kind === 'refused') return { kind: 'refused', reason: opened.reason };
    const { productId, openid, nonceStr: scanId, signType } = opened.scan;
    return { kind: 'scanned', scan: { productId, openid, scanId, signType } };
  }

  override answer(signType: SignType, answer: { prepayId: string } | { refusal: string }): string {
    return productScanReply(this.account, answer, signType);
  }

  /** Closes the connections that are kept alive. */
  end(): void {
    this.client.close();
  }
}
