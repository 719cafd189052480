/** What people do in the merchant console of WeChat Pay, past both apps. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../tools/services/until.ts';
import type { Captured, Refunded } from './notices.ts';
import type { Twins } from './twins.ts';
import { WechatPayClient } from '#wechat-pay';

export class Console {
  constructor(private readonly twins: Twins) {}

  /** Where the simulator keeps the certificates that it made. */
  get certificates(): string {
    return join(this.twins.world.dir, 'simulator', 'certificates');
  }

  /** Gives money back, and waits until it has gone back. Amounts in fen. */
  async refund(
    { transactionId, totalFee }: Captured,
    { outRefundNo, refundFee }: { outRefundNo: string; refundFee: number },
  ): Promise<Refunded> {
    const { control, world } = this.twins;
    const file = (name: string) => readFile(join(this.certificates, name));
    const client = new WechatPayClient({
      ...{ appid: 'wx8888888888888888', mchId: '1900000109', apiKey: world.secrets.WECHAT_API_KEY },
      ...{ signType: 'HMAC-SHA256', notifyUrl: `${this.twins.links(1).pay}/weixin/pay/notify/url` },
      ...{ baseUrl: this.twins.links(1)['wechat-simulator'], secureBaseUrls: [(await control.about()).secureUrl] },
      ...{ certificate: { p12: await file('apiclient_cert.p12') }, ca: await file('ca.pem') },
    });
    try {
      const answer = await client.refund({ transactionId, outRefundNo, totalFee, refundFee });
      if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
    } finally {
      client.close();
    }
    await until(`${outRefundNo} has ended`, async () => (await control.refund(outRefundNo)).status === 'SUCCESS');
    const made = (await control.ledger('refunded')).find((entry) => entry.outRefundNo === outRefundNo);
    if (!made) throw new Error(`WeChat knows no ${outRefundNo}`);
    this.twins.explain(`I9 ${made.outTradeNo} nobody asked WeChat for ${outRefundNo}`);
    return made;
  }
}
