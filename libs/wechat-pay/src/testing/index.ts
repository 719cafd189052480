import {
  beijingDateTime,
  beijingTime,
  encryptReqInfo,
  nonceStr,
  signFields,
  type SignType,
  writeXml,
} from '../protocol/index.ts';

type Content = Readonly<Record<string, string | number | undefined>>;

/** A merchant made for tests; never one that moves money. */
export interface TestMerchant {
  readonly appid: string;
  readonly mchId: string;
  readonly apiKey: string;
  /** Default: HMAC-SHA256. */
  readonly signType?: SignType | undefined;
}

/**
 * Signs a message as WeChat Pay does and writes it as XML, so that tests run against the real verifier. Undefined
 * fields are left out, numbers are written bare; a `sign` among the fields is replaced.
 * @param apiKey a key made for tests; never one that moves money.
 */
export function signNotice(fields: Content, apiKey: string, signType: SignType): string {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) text[name] = String(value);
  return writeXml({ ...fields, sign: signFields(text, apiKey, signType) });
}

/** Writes the notification of a payment of one fen; `changes` are made before signing, by the names of the wire. */
export function signPaymentNotice(merchant: TestMerchant, changes: Content = {}): string {
  return sign(merchant, {
    bank_type: 'OTHERS',
    cash_fee: changes['total_fee'] ?? 1,
    fee_type: 'CNY',
    is_subscribe: 'N',
    openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    out_trade_no: 'A1',
    result_code: 'SUCCESS',
    return_code: 'SUCCESS',
    time_end: beijingTime(new Date()),
    total_fee: 1,
    trade_type: 'NATIVE',
    transaction_id: '4200000478201912254663157927',
    ...changes,
  });
}

/** Writes the notification of a payment that failed, signed all the same. */
export function signFailedPaymentNotice(merchant: TestMerchant, changes: Content = {}): string {
  return signPaymentNotice(merchant, {
    result_code: 'FAIL',
    err_code: 'PAYERROR',
    err_code_des: '支付失败',
    transaction_id: undefined,
    time_end: undefined,
    ...changes,
  });
}

/**
 * Writes the notification of a refund of one fen, encrypted and without a sign, as refunds are.
 * @param changes made to the encrypted content, by the names of the wire.
 */
export function encryptRefundNotice(merchant: TestMerchant, changes: Content = {}): string {
  const content = {
    out_refund_no: 'R1',
    out_trade_no: 'A1',
    refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    refund_fee: changes['total_fee'] ?? 1,
    refund_id: '50000408942018111907145868882',
    refund_recv_accout: '支付用户零钱',
    refund_request_source: 'API',
    refund_status: 'SUCCESS',
    settlement_refund_fee: changes['refund_fee'] ?? changes['total_fee'] ?? 1,
    success_time: beijingDateTime(new Date()),
    total_fee: 1,
    transaction_id: '4200000478201912254663157927',
    ...changes,
  };
  return writeXml({
    return_code: 'SUCCESS',
    appid: merchant.appid,
    mch_id: merchant.mchId,
    nonce_str: nonceStr(),
    req_info: encryptReqInfo(writeXml(content, 'root'), merchant.apiKey),
  });
}

/** Writes what WeChat Pay posts when a product code (mode 1) is scanned. */
export function signProductScan(merchant: TestMerchant, changes: Content = {}): string {
  return sign(merchant, {
    openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    is_subscribe: 'Y',
    product_id: 'P-1001',
    ...changes,
  });
}

function sign({ appid, mchId, apiKey, signType = 'HMAC-SHA256' }: TestMerchant, fields: Content): string {
  return signNotice({ appid, mch_id: mchId, nonce_str: nonceStr(), ...fields }, apiKey, signType);
}
