// WeChat Pay API v2 for a merchant: calls, and the opening of notifications.
export { type CallResult, type Refused, type Unknown } from './call-result.ts';
export { WechatPayClient, type WechatPayOptions } from './client.ts';
export { type ClosedOrder, type CloseOrderRequest } from './close-order.ts';
export { isCodeUrl } from './code-url.ts';
export { InvalidRequest } from './invalid-request.ts';
export { type MerchantKeys } from './judge.ts';
export {
  type FailedPaymentNotice,
  type ForeignNotice,
  type OpenedNotice,
  type OpenNoticeOptions,
  openPaymentNotice,
  type PaymentNotice,
  type RefusedNotice,
} from './notice.ts';
export {
  type OrderQueryRequest,
  type OrderState,
  type PaidOrder,
  type PaidState,
  type UnpaidOrder,
  type UnpaidState,
} from './order-query.ts';
export { NOTIFY_SUCCESS, notifyFail, type SignType } from './protocol/index.ts';
export { type CallOptions, type Timeouts } from './transport.ts';
export { type PreparedOrder, type UnifiedOrderRequest } from './unified-order.ts';
