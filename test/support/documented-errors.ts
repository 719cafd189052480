/** What the documentation says can be answered. */
import type { EndpointName } from '../../apps/wechat-simulator/src/domain/faults.ts';

const transport = ['SIGNERROR', 'REQUIRE_POST_METHOD', 'XML_FORMAT_ERROR'];
const configuration = ['APPID_NOT_EXIST', 'MCHID_NOT_EXIST', 'APPID_MCHID_NOT_MATCH'];

/** Every `err_code` of the tables in the documentation, by endpoint; `downloadbill` has texts instead. */
export const documentedErrors: Readonly<Record<EndpointName, readonly string[]>> = {
  unifiedorder: [
    ...['INVALID_REQUEST', 'NOAUTH', 'NOTENOUGH', 'ORDERPAID', 'ORDERCLOSED', 'SYSTEMERROR', 'OUT_TRADE_NO_USED'],
    ...['LACK_PARAMS', 'POST_DATA_EMPTY', 'NOT_UTF8', ...configuration, ...transport],
  ],
  orderquery: ['ORDERNOTEXIST', 'SYSTEMERROR', 'INVALID_REQUEST', 'PARAM_ERROR'],
  closeorder: ['ORDERPAID', 'ORDERCLOSED', 'ORDERNOTEXIST', 'SYSTEMERROR', 'TRADE_STATE_ERROR', ...transport],
  refund: [
    ...['SYSTEMERROR', 'BIZERR_NEED_RETRY', 'FREQUENCY_LIMITED', 'INVALID_REQ_TOO_MUCH', 'TRADE_OVERDUE', 'ERROR'],
    ...['USER_ACCOUNT_ABNORMAL', 'NOTENOUGH', 'INVALID_TRANSACTIONID', 'ORDERNOTEXIST', 'ORDER_NOT_READY'],
    ...['REFUND_FEE_MISMATCH', 'INVALID_REQUEST', 'PARAM_ERROR', 'CERT_ERROR', 'NOAUTH'],
    ...['APPID_NOT_EXIST', 'MCHID_NOT_EXIST', ...transport],
  ],
  refundquery: [
    ...['SYSTEMERROR', 'REFUNDNOTEXIST', 'INVALID_TRANSACTIONID', 'PARAM_ERROR'],
    ...['APPID_NOT_EXIST', 'MCHID_NOT_EXIST', ...transport],
  ],
  downloadbill: [],
  shorturl: ['LACK_PARAMS', 'POST_DATA_EMPTY', ...configuration, ...transport],
};

/** The texts of `downloadbill`, all as `return_msg`. */
export const documentedBillTexts: readonly string[] = [
  ...['SYSTEMERROR', 'invalid bill_type', 'data format error', 'missing parameter', 'SIGN ERROR', 'No Bill Exist'],
  ...['Bill Creating', 'CompressGZip Error', 'UnCompressGZip Error'],
];
