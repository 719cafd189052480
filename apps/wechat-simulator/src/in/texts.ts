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
  foreignOpenid: 'appid和openid不匹配',
  totalFee: 'invalid total_fee',
  refundFee: 'invalid refund_fee',
  expiresTooSoon: 'time_expire时间过短，刷卡至少1分钟，其他5分钟',
} as const;

export const tooLong = (name: string): string => `${name}参数长度有误`;
export const wrongForm = (name: string): string => `${name}参数格式错误`;

/** A bill has texts of its own, and sometimes an `error_code`. */
export const billRefusals = {
  missing: { returnMsg: 'missing parameter' },
  format: { returnMsg: 'data format error' },
  type: { returnMsg: 'invalid bill_type' },
  sign: { returnMsg: 'SIGN ERROR', errorCode: '20001' },
  none: { returnMsg: 'No Bill Exist', errorCode: '20002' },
  creating: { returnMsg: 'Bill Creating' },
} as const;

/** `err_code` with its `err_code_des`. */
export const errors = {
  otherContent: { code: 'INVALID_REQUEST', text: '201 商户订单号重复' },
  paid: { code: 'ORDERPAID', text: '该订单已支付' },
  closed: { code: 'ORDERCLOSED', text: '该订单已关闭' },
  unknown: { code: 'ORDERNOTEXIST', text: '订单不存在' },
  system: { code: 'SYSTEMERROR', text: '系统错误' },
  closeTooEarly: { code: 'TRADE_STATE_ERROR', text: '订单生成后不能马上调用关单接口，最短调用时间间隔为5分钟' },
  transactionId: { code: 'INVALID_TRANSACTIONID', text: '无效transaction_id' },
  otherFee: { code: 'REFUND_FEE_MISMATCH', text: '订单金额或退款金额与之前请求不一致，请核实后再试' },
  otherOrder: { code: 'INVALID_REQUEST', text: '商户退款单号重复' },
  allRefunded: { code: 'ERROR', text: '订单已全额退款' },
  tooMuch: { code: 'ERROR', text: '累计退款金额大于支付金额' },
  tooMany: { code: 'ERROR', text: '一笔订单最多可以部分退款50次' },
  tooSoon: { code: 'FREQUENCY_LIMITED', text: '频率限制' },
  overdue: { code: 'TRADE_OVERDUE', text: '订单已经超过退款期限' },
  noRefund: { code: 'REFUNDNOTEXIST', text: '退款订单查询失败' },
  offset: { code: 'PARAM_ERROR', text: 'offset超过总退款笔数' },
} as const;

/** Texts of all documented codes, for the fault that answers one. */
export const errorTexts: Readonly<Record<string, string>> = {
  APPID_MCHID_NOT_MATCH: 'appid和mch_id不匹配',
  APPID_NOT_EXIST: 'APPID不存在',
  BIZERR_NEED_RETRY: '退款业务流程错误，需要商户触发重试来解决',
  CERT_ERROR: '证书校验错误',
  ERROR: '业务错误',
  FREQUENCY_LIMITED: '频率限制',
  INVALID_REQUEST: '参数错误',
  INVALID_REQ_TOO_MUCH: '无效请求过多',
  INVALID_TRANSACTIONID: '无效transaction_id',
  LACK_PARAMS: '缺少参数',
  MCHID_NOT_EXIST: 'MCHID不存在',
  NOAUTH: '商户无此接口权限',
  NOTENOUGH: '余额不足',
  NOT_UTF8: '编码格式错误',
  ORDERCLOSED: '该订单已关闭',
  ORDERNOTEXIST: '订单不存在',
  ORDERPAID: '该订单已支付',
  ORDER_NOT_READY: '订单处理中，暂时无法退款，请稍后再试',
  OUT_TRADE_NO_USED: '商户订单号重复',
  PARAM_ERROR: '参数错误',
  POST_DATA_EMPTY: 'post数据为空',
  REFUNDNOTEXIST: '退款订单查询失败',
  REFUND_FEE_MISMATCH: '订单金额或退款金额与之前请求不一致，请核实后再试',
  REQUIRE_POST_METHOD: '请使用post方法',
  SIGNERROR: '签名错误',
  SYSTEMERROR: '系统错误',
  TRADE_OVERDUE: '订单已经超过退款期限',
  TRADE_STATE_ERROR: '订单状态错误',
  USER_ACCOUNT_ABNORMAL: '退款请求失败，用户账户注销',
  XML_FORMAT_ERROR: 'XML格式错误',
};

export const tradeStateText: Readonly<Record<TradeState, string>> = {
  NOTPAY: '订单未支付',
  USERPAYING: '用户支付中，需要输入密码',
  PAYERROR: '支付失败(其他原因，如银行返回失败)',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  CLOSED: '订单已关闭',
};
