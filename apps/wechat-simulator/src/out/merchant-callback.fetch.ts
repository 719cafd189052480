/** Asks the merchant for an order when a product code is scanned (protocol: native.php?chapter=6_4). */
import {
  type Fields,
  MAX_XML_BYTES,
  nonceStr,
  readXml,
  signFields,
  verifyFields,
  writeXml,
  XmlRefused,
} from '#wechat-pay/protocol';
import { MerchantCallback, type Merchant, type ProductReply } from '../flow/ports.ts';
import type { SignType } from '../domain/order.ts';
import { readUpTo, whyNoReply } from './notifier.fetch.ts';
import { mayNotify } from './notify-allow-list.ts';

const REPLY_WITHIN_MS = 5_000;
const KEPT_CHARACTERS = 200;

export class FetchMerchantCallback extends MerchantCallback {
  /** @param allowed address prefixes (see {@link mayNotify}) */
  constructor(
    private readonly merchant: Merchant,
    private readonly allowed: readonly string[],
  ) {
    super();
  }

  async ask(
    url: string,
    { openid, productId, signType }: { openid: string; productId: string; signType: SignType },
  ): Promise<ProductReply> {
    if (!mayNotify(url, this.allowed)) return { kind: 'malformed', replied: 'address not allowed' };
    const { appid, mchId, apiKey } = this.merchant;
    const fields: Fields = {
      ...{ appid, openid, mch_id: mchId, is_subscribe: 'N' },
      ...{ nonce_str: nonceStr(), product_id: productId },
    };
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'text/xml', 'user-agent': 'Mozilla/4.0' },
        body: writeXml({ ...fields, sign: signFields(fields, apiKey, signType) }),
        redirect: 'manual',
        signal: AbortSignal.timeout(REPLY_WITHIN_MS),
      });
      const body = await readUpTo(response, MAX_XML_BYTES);
      if (!body) return { kind: 'malformed', replied: 'more than 64 KiB' };
      return judge(response.status, body, this.merchant);
    } catch (error) {
      return { kind: 'malformed', replied: whyNoReply(error) };
    }
  }
}

/** A refusal without a signature is shown as well: it orders nothing. */
function judge(status: number, body: Buffer, { appid, mchId, apiKey }: Merchant): ProductReply {
  const replied = body.toString('utf8').slice(0, KEPT_CHARACTERS);
  const fields = status === 200 ? read(body) : undefined;
  if (!fields) return { kind: 'malformed', replied };
  if (fields['return_code'] === 'FAIL') return { kind: 'refused', text: fields['return_msg'] ?? '', replied };
  const isSigned = verifyFields(fields, apiKey, ['MD5', 'HMAC-SHA256']) !== undefined;
  if (!isSigned || fields['appid'] !== appid || fields['mch_id'] !== mchId) return { kind: 'malformed', replied };
  if (fields['result_code'] === 'FAIL') return { kind: 'refused', text: fields['err_code_des'] ?? '', replied };
  const { return_code: returnCode, result_code: resultCode, prepay_id: prepayId } = fields;
  if (returnCode !== 'SUCCESS' || resultCode !== 'SUCCESS' || !prepayId) return { kind: 'malformed', replied };
  return { kind: 'order', prepayId, replied };
}

function read(body: Buffer): Fields | undefined {
  try {
    return readXml(body);
  } catch (error) {
    if (error instanceof XmlRefused) return undefined;
    throw error;
  }
}
