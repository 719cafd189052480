import { type SignType } from '../protocol/index.ts';
import { NoticeFields, WrongField } from './notice-fields.ts';
import { type NoticeRefusal, openSigned, type SignedMessageOptions } from './signed-message.ts';

/** A product code (mode 1) that was scanned: WeChat Pay waits for an order made for it. */
export interface ProductScan {
  /** The merchant's number of the product, from the code. */
  readonly productId: string;
  /** Who scanned it. */
  readonly openid: string;
  /** Made by WeChat Pay for this scan; the same in a replay. */
  readonly nonceStr: string;
  /** Whether this user follows the official account. */
  readonly isSubscribed: boolean;
  /** The algorithm of the sign, for the reply. */
  readonly signType: SignType;
}

export type OpenedProductScan =
  | { readonly kind: 'scanned'; readonly scan: ProductScan }
  | NoticeRefusal<'unreadable' | 'unsigned' | 'sign' | 'foreign-appid' | 'foreign-mch_id' | 'fields'>;

/**
 * Opens the message that WeChat Pay posts when a product code is scanned; verified before anything of it is read.
 * Answer it with productScanReply within five seconds.
 * @param raw the body exactly as received.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4.
 */
export function openProductScan(raw: Uint8Array, options: SignedMessageOptions): OpenedProductScan {
  const opened = openSigned(raw, options);
  if (opened.kind === 'refused') return opened;
  const fields = new NoticeFields(opened.fields);
  if (fields.optional('appid') !== options.keys.appid)
    return { kind: 'refused', reason: 'foreign-appid', message: 'signed, but for another appid' };
  if (fields.optional('mch_id') !== options.keys.mchId)
    return { kind: 'refused', reason: 'foreign-mch_id', message: 'signed, but for another mch_id' };
  try {
    const scan = {
      productId: fields.text('product_id', 32),
      openid: fields.text('openid', 128),
      nonceStr: fields.text('nonce_str', 32),
      isSubscribed: fields.optional('is_subscribe') === 'Y',
      signType: opened.signType,
    };
    return { kind: 'scanned', scan };
  } catch (error) {
    if (!(error instanceof WrongField)) throw error;
    return { kind: 'refused', reason: 'fields', message: `signed, but ${error.field} is missing or malformed` };
  }
}
