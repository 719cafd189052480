/** WeChat Pay's own words, as its documentation and gateway use them. */
import type { TradeState } from '../domain/order.ts';

/** `return_msg` with `return_code=FAIL`: nothing was done. */
export const refusals = {
  onlyPost: '请使用post方法',
  empty: 'post数据为空',
  notXml: 'XML格式错误',
  notUtf8: '编码格式错误',
  sign: '签名错误，请检查后再试',
  missing: '缺少参数',
  unknownMerchant: '商户号mch_id或sub_mch_id不存在',
  foreignAppid: '商户号mch_id与appid不匹配',
  noProduct: '商户号该产品权限未开通，请前往商户平台>产品中心检查后重试',
  totalFee: 'invalid total_fee',
  expiresTooSoon: 'time_expire时间过短，刷卡至少1分钟，其他5分钟',
} as const;

export const tooLong = (name: string): string => `${name}参数长度有误`;
export const wrongForm = (name: string): string => `${name}参数格式错误`;

/** `err_code` with its `err_code_des`. */
export const errors = {
  otherContent: { code: 'INVALID_REQUEST', text: '201 商户订单号重复' },
  paid: { code: 'ORDERPAID', text: '该订单已支付' },
  closed: { code: 'ORDERCLOSED', text: '该订单已关闭' },
  unknown: { code: 'ORDERNOTEXIST', text: '订单不存在' },
  system: { code: 'SYSTEMERROR', text: '系统错误' },
} as const;

export const tradeStateText: Readonly<Record<TradeState, string>> = {
  NOTPAY: '订单未支付',
  PAYERROR: '支付失败(其他原因，如银行返回失败)',
  SUCCESS: '支付成功',
  CLOSED: '订单已关闭',
};
