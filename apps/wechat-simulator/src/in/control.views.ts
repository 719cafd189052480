/** What /control answers, as schemas: the OpenAPI document and the types of a client come from them. */
import { z } from 'zod';
import { endpointNames } from '../domain/faults.ts';

const dateTime = z.string().meta({ format: 'date-time' });
const fen = z.int();

export const aboutView = z.object({
  appid: z.string(),
  mchId: z.string(),
  /** The gateway without TLS (no refunds) and with it. */
  url: z.string(),
  secureUrl: z.string(),
  /** The CA that signed the server's certificate, in PEM. */
  caCertificate: z.string(),
  /** Folder with `ca.pem` and the merchant's `apiclient_cert.p12`, `apiclient_cert.pem`, `apiclient_key.pem`. */
  certificatesFolder: z.string(),
});

export const clockView = z.object({ now: dateTime, frozen: z.boolean() });

export const callsView = z.object({
  calls: z.array(
    z.object({
      endpoint: z.enum(endpointNames),
      /** `out_refund_no`, `out_trade_no`, `refund_id` or `transaction_id`, whichever stood first; empty: none. */
      number: z.string(),
      count: z.int(),
      mostAtOnce: z.int(),
    }),
  ),
});

export const payView = z.object({
  state: z.enum(['NOTPAY', 'USERPAYING', 'PAYERROR', 'SUCCESS', 'REFUND', 'CLOSED']),
  transactionId: z.string().nullable(),
  paidAt: dateTime.nullable(),
});

const noticeView = z.object({
  at: dateTime,
  attempt: z.int(),
  /** HTTP status; null: no answer. */
  status: z.int().nullable(),
  replied: z.string(),
  accepted: z.boolean(),
});

export const refundView = z.object({
  outRefundNo: z.string(),
  refundId: z.string(),
  outTradeNo: z.string(),
  refundFee: fen,
  status: z.enum(['PROCESSING', 'SUCCESS', 'REFUNDCLOSE', 'CHANGE']),
  acceptedAt: dateTime,
  endedAt: dateTime.nullable(),
  notifications: z.array(noticeView),
});

export const orderView = z.object({
  outTradeNo: z.string(),
  tradeType: z.enum(['NATIVE', 'JSAPI', 'APP', 'MWEB']),
  state: payView.shape.state,
  body: z.string(),
  totalFee: fen,
  /** What a phone scans or opens: `code_url`, `mweb_url` or `prepay_id=…`. */
  codeUrl: z.string(),
  transactionId: z.string().nullable(),
  paidFee: fen.nullable(),
  notifications: z.array(noticeView),
  refunds: z.array(refundView),
});

const ledgerEntry = z.looseObject({ seq: z.int(), at: dateTime, kind: z.string() });
export const ledgerView = z.object({ entries: z.array(ledgerEntry) });

export type OrderView = z.infer<typeof orderView>;
export type RefundView = z.infer<typeof refundView>;
export type NoticeView = z.infer<typeof noticeView>;
export type PayView = z.infer<typeof payView>;
