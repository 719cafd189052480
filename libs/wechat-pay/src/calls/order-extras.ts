import { InvalidRequest } from '../invalid-request.ts';
import { text } from './checks.ts';

/** Where the user pays. `h5` is demanded for MWEB. */
export interface SceneInfo {
  readonly h5?:
    | { readonly type: 'Wap'; readonly wapUrl: string; readonly wapName: string }
    | { readonly type: 'IOS'; readonly appName: string; readonly bundleId: string }
    | { readonly type: 'Android'; readonly appName: string; readonly packageName: string }
    | undefined;
  /** id ≤ 32, name ≤ 64, area code ≤ 6, address ≤ 128 bytes. */
  readonly store?:
    | {
        readonly id: string;
        readonly name?: string | undefined;
        readonly areaCode?: string | undefined;
        readonly address?: string | undefined;
      }
    | undefined;
}

/** The goods of an order, for promotions on single goods. Amounts in fen. */
export interface OrderDetail {
  /** Price before discounts: lets WeChat Pay refuse split orders. */
  readonly costPrice?: number | undefined;
  readonly receiptId?: string | undefined;
  readonly goods: readonly OrderGoods[];
}

export interface OrderGoods {
  /** 1 to 32 bytes. */
  readonly goodsId: string;
  readonly wxpayGoodsId?: string | undefined;
  /** At most 256 bytes. */
  readonly goodsName?: string | undefined;
  readonly quantity: number;
  /** Price of one, in fen. */
  readonly price: number;
}

/** @returns the JSON text of `scene_info`, at most 256 bytes. @throws InvalidRequest */
export function sceneInfo(info: SceneInfo | undefined, needsH5: boolean): string {
  const { h5, store } = info ?? {};
  if (h5 === undefined && store === undefined && !needsH5) throw new InvalidRequest('scene_info', 'is empty');
  if (needsH5 && h5 === undefined) throw new InvalidRequest('scene_info', 'has no h5_info');
  const scene = { ...(h5 && { h5_info: h5Info(h5) }), ...(store && { store_info: storeInfo(store) }) };
  return text('scene_info', JSON.stringify(scene), 1, 256);
}

function h5Info(h5: NonNullable<SceneInfo['h5']>): Record<string, string> {
  const part = (value: string) => text('scene_info', value, 1, 256);
  switch (h5.type) {
    case 'Wap':
      if (!/^https?:\/\//.test(h5.wapUrl) || !URL.canParse(h5.wapUrl))
        throw new InvalidRequest('scene_info', 'has a wap_url that is no http(s) URL');
      return { type: 'Wap', wap_url: part(h5.wapUrl), wap_name: part(h5.wapName) };
    case 'IOS':
      return { type: 'IOS', app_name: part(h5.appName), bundle_id: part(h5.bundleId) };
    case 'Android':
      return { type: 'Android', app_name: part(h5.appName), package_name: part(h5.packageName) };
    default:
      throw new InvalidRequest('scene_info', 'has an unknown h5_info type');
  }
}

function storeInfo({ id, name, areaCode, address }: NonNullable<SceneInfo['store']>): Record<string, string> {
  return {
    id: text('scene_info', id, 1, 32),
    ...(name !== undefined && { name: text('scene_info', name, 0, 64) }),
    ...(areaCode !== undefined && { area_code: text('scene_info', areaCode, 0, 6) }),
    ...(address !== undefined && { address: text('scene_info', address, 0, 128) }),
  };
}

/** @returns the JSON text of `detail`, at most 6000 bytes. @throws InvalidRequest */
export function orderDetail({ costPrice, receiptId, goods }: OrderDetail): string {
  // Callers in plain JavaScript exist.
  if (!Array.isArray(goods) || goods.length === 0) throw new InvalidRequest('detail', 'has no goods');
  const detail = {
    ...(costPrice !== undefined && { cost_price: count(costPrice, 0) }),
    ...(receiptId !== undefined && { receipt_id: text('detail', receiptId, 0, 32) }),
    goods_detail: (goods as readonly OrderGoods[]).map(({ goodsId, wxpayGoodsId, goodsName, quantity, price }) => ({
      goods_id: text('detail', goodsId, 1, 32),
      ...(wxpayGoodsId !== undefined && { wxpay_goods_id: text('detail', wxpayGoodsId, 0, 32) }),
      ...(goodsName !== undefined && { goods_name: text('detail', goodsName, 0, 256) }),
      quantity: count(quantity, 1),
      price: count(price, 0),
    })),
  };
  return text('detail', JSON.stringify(detail), 1, 6_000);
}

function count(value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw new InvalidRequest('detail', 'has an amount or a quantity that is not a whole number');
  return value;
}
