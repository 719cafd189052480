/** The library's client, set up for a simulator: the two share the reading and writing of XML and nothing else. */
import {
  type Bill,
  type BillTrade,
  type CallResult,
  readTrade,
  type SignType,
  type UnifiedOrderRequest,
  WechatPayClient,
} from '#wechat-pay';
import { APPID, KEY, MCH_ID, type TestSimulator } from './simulator.ts';

type Native = Extract<UnifiedOrderRequest, { tradeType: 'NATIVE' }>;
type Options = ConstructorParameters<typeof WechatPayClient>[0];

export const keys = { appid: APPID, mchId: MCH_ID, apiKey: KEY };

export class TestClients {
  readonly #made: WechatPayClient[] = [];

  constructor(readonly simulator: TestSimulator) {}

  /** Tries once, over http, and refunds over TLS with the merchant's p12, unless the options say otherwise. */
  async make(signType: SignType, options: Partial<Options> = {}): Promise<WechatPayClient> {
    const { simulator } = this;
    const [p12, ca] = [await simulator.file('apiclient_cert.p12'), await simulator.file('ca.pem')];
    const { secureUrl } = await simulator.control.about();
    const client = new WechatPayClient({
      ...{ ...keys, signType, ca, certificate: { p12 }, retry: { tries: 1 } },
      ...{ notifyUrl: simulator.merchant.url('/notify'), baseUrl: simulator.url, secureBaseUrls: [secureUrl] },
      ...options,
    });
    this.#made.push(client);
    return client;
  }

  /** An order of one yuan that nobody made yet. */
  order(change: Partial<Native> = {}): Native {
    return {
      ...{ outTradeNo: this.simulator.number(), body: '红茶,500g & <Tee>', totalFee: 100, spbillCreateIp: '127.0.0.1' },
      ...{ tradeType: 'NATIVE', productId: 'P1', attach: ' a=1&b=2 ', ...change },
    };
  }

  async paidOrder(client: WechatPayClient): Promise<Native> {
    const order = this.order();
    value(await client.unifiedOrder(order));
    await this.simulator.control.pay(order.outTradeNo);
    return order;
  }

  close(): void {
    for (const client of this.#made.splice(0)) client.close();
  }
}

/** @throws for what is not ok */
export function value<T>(result: CallResult<T>): T {
  if (result.kind !== 'ok') throw new Error(JSON.stringify(result));
  return result.value;
}

export async function readBill(result: CallResult<Bill>): Promise<{ trades: BillTrade[]; count: string | undefined }> {
  const bill = value(result);
  const trades: BillTrade[] = [];
  for await (const row of bill) trades.push(readTrade(row));
  return { trades, count: bill.summary?.get('总交易单数') };
}
