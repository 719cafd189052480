import { isIP } from 'node:net';
import { InvalidRequest } from '../invalid-request.ts';
import { type Fields } from '../protocol/index.ts';
import { type CallResult, unknown } from '../wire/call-result.ts';
import { fen, flag, outTradeNo, text, time } from './checks.ts';
import { isCodeUrl } from './code-url.ts';
import { isMwebUrl } from './mweb-url.ts';
import { type OrderDetail, orderDetail, type SceneInfo, sceneInfo } from './order-extras.ts';

interface AnyOrder {
  /** 1 to 32 of `0-9 A-Z a-z _ - | *`, unique per merchant; one number is at most one payment. */
  readonly outTradeNo: string;
  /** What the user reads while paying: 1 to 127 bytes. */
  readonly body: string;
  /** Whole fen, at least 1. */
  readonly totalFee: number;
  /** The address of the user's device; for NATIVE this server's will do, for MWEB it is compared with the payer's. */
  readonly spbillCreateIp: string;
  readonly timeStart?: Date | undefined;
  /**
   * When the order stops being payable; only the first request for a number can set it. Without it WeChat Pay closes
   * an unpaid order after days.
   */
  readonly timeExpire?: Date | undefined;
  /** Comes back in notification, query and bill: at most 127 bytes. */
  readonly attach?: string | undefined;
  /** Terminal: at most 32 bytes; pages use `WEB`. */
  readonly deviceInfo?: string | undefined;
  /** Promotion tag: at most 32 bytes. */
  readonly goodsTag?: string | undefined;
  /** Single goods, needed for promotions on them only. */
  readonly detail?: OrderDetail | undefined;
  /** `no_credit` forbids paying by credit card. */
  readonly limitPay?: 'no_credit' | undefined;
  /** Shows the entry to the e-invoice. */
  readonly receipt?: boolean | undefined;
  /** Freezes the money, to be split among receivers. */
  readonly profitSharing?: boolean | undefined;
}

/** A code for the user to scan. */
export interface NativeOrder extends AnyOrder {
  readonly tradeType: 'NATIVE';
  /** Merchant's number of the product: 1 to 32 bytes. */
  readonly productId: string;
  readonly sceneInfo?: Pick<SceneInfo, 'store'> | undefined;
}

/** A page inside WeChat or a mini-program: `jsapiParameters` come next. */
export interface JsapiOrder extends AnyOrder {
  readonly tradeType: 'JSAPI';
  /** The payer, as seen by this appid: at most 128 bytes. */
  readonly openid: string;
  readonly productId?: string | undefined;
  readonly sceneInfo?: Pick<SceneInfo, 'store'> | undefined;
}

/** A page in a mobile browser outside WeChat. */
export interface MwebOrder extends AnyOrder {
  readonly tradeType: 'MWEB';
  readonly sceneInfo: SceneInfo & Required<Pick<SceneInfo, 'h5'>>;
  readonly productId?: string | undefined;
}

/** The merchant's app: `appParameters` come next. */
export interface AppOrder extends AnyOrder {
  readonly tradeType: 'APP';
  readonly productId?: string | undefined;
  readonly sceneInfo?: Pick<SceneInfo, 'store'> | undefined;
}

/** An order to be made at WeChat Pay. Repeating it with equal content refreshes its code, page or prepay_id. */
export type UnifiedOrderRequest = NativeOrder | JsapiOrder | MwebOrder | AppOrder;

/** What the buyer needs for paying; `prepayId` and `codeUrl` are good for two hours, `mwebUrl` for five minutes. */
export interface PreparedOrder {
  readonly prepayId: string;
  readonly tradeType: UnifiedOrderRequest['tradeType'];
  /** NATIVE: the content of the QR code, always a `weixin://` URL. */
  readonly codeUrl?: string | undefined;
  /** MWEB: the page of WeChat Pay to send the browser to. */
  readonly mwebUrl?: string | undefined;
}

const TRADE_TYPES: readonly string[] = ['NATIVE', 'JSAPI', 'MWEB', 'APP'] satisfies UnifiedOrderRequest['tradeType'][];

/**
 * The fields of a unified order, every one checked: limits are bytes, times Beijing's.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1, jsapi.php, H5.php and app.php likewise.
 * @throws InvalidRequest naming the field.
 */
export function unifiedOrderFields(order: UnifiedOrderRequest, notifyUrl: string): Record<string, string> {
  if (!TRADE_TYPES.includes(order.tradeType)) throw new InvalidRequest('trade_type', 'is not supported');
  const fields: Record<string, string> = {
    body: text('body', order.body, 1, 127),
    out_trade_no: newOutTradeNo(order.outTradeNo),
    total_fee: fen('total_fee', order.totalFee),
    spbill_create_ip: address(order.spbillCreateIp),
    notify_url: notifyUrl,
    trade_type: order.tradeType,
    ...times(order),
    ...extras(order),
  };
  if (order.tradeType === 'NATIVE' || order.productId !== undefined)
    fields['product_id'] = text('product_id', order.productId, 1, 32);
  if (order.tradeType === 'JSAPI') fields['openid'] = text('openid', order.openid, 1, 128);
  if (order.tradeType === 'MWEB' || order.sceneInfo !== undefined)
    fields['scene_info'] = sceneInfo(order.sceneInfo, order.tradeType === 'MWEB');
  return fields;
}

/**
 * Reads the accepted answer. Without a usable code or page the order exists but cannot be paid: unknown, repeat it.
 * @param hosts the configured hosts, which may serve the page for MWEB (a simulator does).
 */
export function preparedOrder(
  fields: Readonly<Fields>,
  { tradeType }: UnifiedOrderRequest,
  hosts: readonly URL[],
): CallResult<PreparedOrder> {
  const { prepay_id: prepayId = '', code_url: codeUrl = '', mweb_url: mwebUrl = '' } = fields;
  if (fields['trade_type'] !== tradeType) return unknown('answer for another trade_type');
  if (prepayId === '' || prepayId.length > 64) return unknown('answer without prepay_id');
  if (tradeType === 'NATIVE') {
    if (!isCodeUrl(codeUrl)) return unknown('answer without a weixin:// code_url');
    return { kind: 'ok', value: { prepayId, tradeType, codeUrl } };
  }
  if (tradeType === 'MWEB') {
    if (!isMwebUrl(mwebUrl, hosts)) return unknown('answer without a mweb_url of WeChat Pay');
    return { kind: 'ok', value: { prepayId, tradeType, mwebUrl } };
  }
  return { kind: 'ok', value: { prepayId, tradeType } };
}

/** The pages on orders leave out the `@` that those on refunds have. */
function newOutTradeNo(value: string): string {
  if (outTradeNo(value).includes('@')) throw new InvalidRequest('out_trade_no', 'has an @');
  return value;
}

function address(value: string): string {
  // A zone can make an address of any length.
  if (isIP(value) === 0 || Buffer.byteLength(value) > 64)
    throw new InvalidRequest('spbill_create_ip', 'is not an IP address');
  return value;
}

function times({ timeStart, timeExpire }: AnyOrder): Record<string, string> {
  if (timeStart !== undefined && timeExpire !== undefined && timeStart >= timeExpire)
    throw new InvalidRequest('time_expire', 'is not after time_start');
  return {
    ...(timeStart !== undefined && { time_start: time('time_start', timeStart) }),
    ...(timeExpire !== undefined && { time_expire: time('time_expire', timeExpire) }),
  };
}

function extras(order: AnyOrder): Record<string, string> {
  const { attach, deviceInfo, goodsTag, detail, limitPay, receipt, profitSharing } = order;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- callers in plain JavaScript exist
  if (limitPay !== undefined && limitPay !== 'no_credit') throw new InvalidRequest('limit_pay', 'is not no_credit');
  return {
    ...(attach !== undefined && { attach: text('attach', attach, 0, 127) }),
    ...(deviceInfo !== undefined && { device_info: text('device_info', deviceInfo, 0, 32) }),
    ...(goodsTag !== undefined && { goods_tag: text('goods_tag', goodsTag, 0, 32) }),
    // The version makes WeChat Pay apply promotions on single goods and tell of them in the notification.
    ...(detail !== undefined && { detail: orderDetail(detail), version: '1.0' }),
    ...(limitPay && { limit_pay: limitPay }),
    ...(flag('receipt', receipt) && { receipt: 'Y' }),
    ...(flag('profit_sharing', profitSharing) && { profit_sharing: 'Y' }),
  };
}
