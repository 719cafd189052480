import { type CallResult, unknown } from '../wire/call-result.ts';
import { InvalidRequest } from '../invalid-request.ts';
import {
  type Fields,
  fromBeijingTime,
  isOutTradeNo,
  isTransactionId,
  readFen,
  readPartFen,
} from '../protocol/index.ts';
import { type CouponsUsed, couponsUsed } from './coupons.ts';

/** Which order is asked for: by the merchant's number or by WeChat's. */
export type OrderQueryRequest = { readonly outTradeNo: string } | { readonly transactionId: string };

const PAID_STATES = ['SUCCESS', 'REFUND'] as const;
const UNPAID_STATES = ['NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR', 'ACCEPT'] as const;

/** Money was taken: also REFUND, which only says that at least one refund was accepted. */
export type PaidState = (typeof PAID_STATES)[number];
/** No money was taken. UNKNOWN is a state newer than this library: neither paid nor final, and worth an alarm. */
export type UnpaidState = (typeof UNPAID_STATES)[number] | 'UNKNOWN';

interface OrderFacts extends CouponsUsed {
  readonly outTradeNo: string;
  /** WeChat's explanation of the state, for humans. */
  readonly tradeStateDesc: string;
  readonly tradeType?: string | undefined;
  readonly openid?: string | undefined;
  readonly bankType?: string | undefined;
  /** Fen the user paid himself: the amount less coupons. Never compare it with an order. */
  readonly cashFee?: number | undefined;
  readonly attach?: string | undefined;
  readonly timeEnd?: Date | undefined;
}

/** An order that was paid; number and amount are always there. */
export interface PaidOrder extends OrderFacts {
  readonly tradeState: PaidState;
  readonly transactionId: string;
  readonly totalFee: number;
}

export interface UnpaidOrder extends OrderFacts {
  readonly tradeState: UnpaidState;
  readonly transactionId?: string | undefined;
  readonly totalFee?: number | undefined;
}

/** What WeChat Pay says about an order, by its signed answer. Amounts in fen. */
export type OrderState = PaidOrder | UnpaidOrder;

/**
 * The fields of an order query.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_2.
 * @throws InvalidRequest naming the field.
 */
export function orderQueryFields(request: OrderQueryRequest): Record<string, string> {
  if ('transactionId' in request) {
    if (!isTransactionId(request.transactionId)) throw new InvalidRequest('transaction_id', 'is not an order number');
    return { transaction_id: request.transactionId };
  }
  if (!isOutTradeNo(request.outTradeNo)) throw new InvalidRequest('out_trade_no', 'is not an order number');
  return { out_trade_no: request.outTradeNo };
}

/**
 * Reads the accepted answer. It must be about the order asked for, and a paid order must come with its number and its
 * amount in CNY; anything else is unknown, because a state with doubts must not settle or close an order.
 */
export function orderState(fields: Readonly<Fields>, request: OrderQueryRequest): CallResult<OrderState> {
  const { out_trade_no: outTradeNo = '', transaction_id: transactionId = '', trade_state: state = '' } = fields;
  if (!isOutTradeNo(outTradeNo)) return unknown('answer without out_trade_no');
  const mixedUp =
    'transactionId' in request ? request.transactionId !== transactionId : request.outTradeNo !== outTradeNo;
  if (mixedUp) return unknown('answer for another order');
  if (state === '') return unknown('answer without trade_state');
  if (present(fields['fee_type']) && fields['fee_type'] !== 'CNY') return unknown('answer in another currency');
  if (present(transactionId) && !isTransactionId(transactionId))
    return unknown('answer with a malformed transaction_id');
  const totalFee = readFen(fields['total_fee']);
  if (present(fields['total_fee']) && totalFee === undefined) return unknown('answer with a malformed total_fee');
  const timeEnd = readTime(fields['time_end']);
  if (timeEnd === 'malformed') return unknown('answer with a malformed time_end');

  const facts: OrderFacts = {
    outTradeNo,
    tradeStateDesc: fields['trade_state_desc'] ?? '',
    tradeType: text(fields['trade_type']),
    openid: text(fields['openid']),
    bankType: text(fields['bank_type']),
    cashFee: readPartFen(fields['cash_fee']),
    attach: text(fields['attach']),
    timeEnd,
    ...couponsUsed(fields),
  };
  const paid = PAID_STATES.find((known) => known === state);
  if (paid === undefined) {
    const tradeState = UNPAID_STATES.find((known) => known === state) ?? 'UNKNOWN';
    return { kind: 'ok', value: { ...facts, tradeState, transactionId: text(transactionId), totalFee } };
  }
  if (transactionId === '') return unknown('paid without transaction_id');
  if (totalFee === undefined) return unknown('paid without total_fee');
  return { kind: 'ok', value: { ...facts, tradeState: paid, transactionId, totalFee } };
}

function present(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function text(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function readTime(value: string | undefined): Date | undefined | 'malformed' {
  if (value === undefined || value === '') return undefined;
  try {
    return fromBeijingTime(value);
  } catch {
    return 'malformed';
  }
}
