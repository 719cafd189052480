// WeChat Pay API v2 for a merchant: calls, second signatures, product codes, and the opening of notifications.
export { type Bill } from './bill/bill.ts';
export { BillBroken } from './bill/bill-broken.ts';
export { type DownloadBillRequest } from './bill/download-bill.ts';
export { type BillRow } from './bill/rows.ts';
export { type BillRefund, type BillTrade, readTrade } from './bill/trade.ts';
export { RefundsIncomplete } from './calls/all-refunds.ts';
export { type ClosedOrder, type CloseOrderRequest } from './calls/close-order.ts';
export { isCodeUrl } from './calls/code-url.ts';
export { type Coupon, type CouponRefund, type CouponsUsed } from './calls/coupons.ts';
export { type OrderDetail, type OrderGoods, type SceneInfo } from './calls/order-extras.ts';
export {
  type OrderQueryRequest,
  type OrderState,
  type PaidOrder,
  type PaidState,
  type UnpaidOrder,
  type UnpaidState,
} from './calls/order-query.ts';
export { type ProductCode, productCodeUrl, type ProductScanAnswer, productScanReply } from './calls/product-code.ts';
export { type AcceptedRefund, type RefundRequest } from './calls/refund.ts';
export {
  type OrderRefundsRequest,
  type RefundedOrder,
  type RefundQueryRequest,
  type RefundState,
  type RefundStatus,
} from './calls/refund-query.ts';
export {
  type AppParameters,
  appParameters,
  type CashierRequest,
  type JsapiParameters,
  jsapiParameters,
} from './calls/second-signatures.ts';
export {
  type AppOrder,
  type JsapiOrder,
  type MwebOrder,
  type NativeOrder,
  type PreparedOrder,
  type UnifiedOrderRequest,
} from './calls/unified-order.ts';
export { WechatPayClient } from './client.ts';
export { InvalidRequest } from './invalid-request.ts';
export {
  type FailedPaymentNotice,
  type ForeignNotice,
  type OpenedNotice,
  type OpenNoticeOptions,
  openPaymentNotice,
  type PaymentNotice,
  type RefusedNotice,
} from './notices/payment-notice.ts';
export { type OpenedProductScan, openProductScan, type ProductScan } from './notices/product-scan.ts';
export {
  type OpenedRefundNotice,
  openRefundNotice,
  type RefundNotice,
  type RefusedRefundNotice,
} from './notices/refund-notice.ts';
export { type Timeouts, type WechatPayOptions } from './options.ts';
export { NOTIFY_SUCCESS, notifyFail, type SignType, yuanToFen, yuanToMicroYuan } from './protocol/index.ts';
export { type MerchantCertificate } from './settings.ts';
export { type CallResult, type Refused, type Unknown } from './wire/call-result.ts';
export { type CallOptions } from './wire/deadline.ts';
export { type RetryPolicy } from './wire/endpoint.ts';
export { type MerchantKeys } from './wire/judge.ts';
export { type Limits, MerchantLimits } from './wire/rate-limit.ts';
