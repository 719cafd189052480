import { signFields, type SignType, writeXml } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';
import { algorithm, nonce, text } from './checks.ts';
import { seconds } from './second-signatures.ts';

/** A permanent code for one product. */
export interface ProductCode {
  /** 1 to 32 bytes; comes back when the code is scanned. */
  readonly productId: string;
  /** Now by default. */
  readonly at?: Date | undefined;
  readonly nonceStr?: string | undefined;
}

/**
 * Makes the content of a product's QR code (mode 1). When it is scanned WeChat Pay posts to the address set in the
 * merchant console: see openProductScan. Signed with MD5, as the code has no place for another algorithm.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4.
 * @throws InvalidRequest
 */
export function productCodeUrl({ appid, mchId, apiKey }: MerchantKeys, code: ProductCode): string {
  const fields = {
    appid,
    mch_id: mchId,
    product_id: text('product_id', code.productId, 1, 32),
    time_stamp: seconds(code.at),
    nonce_str: nonce('nonce_str', code.nonceStr),
  };
  const query = Object.entries({ sign: signFields(fields, apiKey, 'MD5'), ...fields })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `weixin://wxpay/bizpayurl?${query}`;
}

/** What a scan is answered with: the order made for it, or a text that the user reads. */
export type ProductScanAnswer = { readonly prepayId: string } | { readonly refusal: string };

/**
 * Writes the answer to a scanned product code, due within five seconds.
 * @param signType the algorithm that the scan was signed with.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4.
 * @throws InvalidRequest
 */
export function productScanReply(
  { appid, mchId, apiKey }: MerchantKeys,
  answer: ProductScanAnswer,
  signType: SignType = 'MD5',
  nonceText?: string,
): string {
  const outcome: Record<string, string> =
    'prepayId' in answer
      ? { prepay_id: text('prepay_id', answer.prepayId, 1, 64), result_code: 'SUCCESS' }
      : { result_code: 'FAIL', err_code_des: text('err_code_des', answer.refusal, 1, 128) };
  const fields = { return_code: 'SUCCESS', appid, mch_id: mchId, nonce_str: nonce('nonce_str', nonceText), ...outcome };
  return writeXml({ ...fields, sign: signFields(fields, apiKey, algorithm(signType)) });
}
