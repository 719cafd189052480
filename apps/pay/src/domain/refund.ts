import { machine } from './machine.ts';
import { backOffMs, tellAgainMs } from './schedule.ts';

/**
 * One refund at WeChat. REQUESTED: written down before WeChat is called. PROCESSING: WeChat has taken it on. Only
 * WeChat's own word ends it: the money is back (SUCCESS), it was closed without paying (CLOSED), the buyer's account
 * could not take it (ABNORMAL), or it was never taken on (REFUSED). REPAID is the word of `order` about an ABNORMAL one:
 * the buyer has the money by other means; should WeChat pay it all the same, that is a fact too.
 */
export const refundStates = ['REQUESTED', 'PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL', 'REFUSED', 'REPAID'] as const;
export type RefundState = (typeof refundStates)[number];

export const refundMachine = machine<RefundState>('refund', 'REQUESTED', {
  REQUESTED: ['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL', 'REFUSED'],
  PROCESSING: ['SUCCESS', 'CLOSED', 'ABNORMAL'],
  ABNORMAL: ['SUCCESS', 'REPAID'],
  REPAID: ['SUCCESS'],
  CLOSED: ['SUCCESS'],
  REFUSED: ['SUCCESS'],
  SUCCESS: [],
});

/** How WeChat may end a refund. */
export type RefundEnd = Exclude<RefundState, 'REQUESTED' | 'PROCESSING' | 'REPAID'>;

export const isEnded = (state: RefundState): boolean => state !== 'REQUESTED' && state !== 'PROCESSING';

/** Whether WeChat has ended it, so that `order` is told; REPAID it knows itself. */
export const isWechatsEnd = (state: RefundState): state is RefundEnd => isEnded(state) && state !== 'REPAID';

/** Whether the buyer has the money. */
export const isGivenBack = (state: RefundState | null): boolean => state === 'SUCCESS' || state === 'REPAID';

/** COMMAND: `order` asked for it. CONSOLE: somebody made it in the merchant console, without us. */
export const refundOrigins = ['COMMAND', 'CONSOLE'] as const;
export type RefundOrigin = (typeof refundOrigins)[number];

/** What an operator should do about a refund, from its state and what kept its last try. */
export function refundAdvice({ state, lastError }: { state: RefundState; lastError: string }): string {
  switch (state) {
    case 'REQUESTED':
      if (lastError === '') return 'Nothing: it is on its way to WeChat.';
      if (lastError.startsWith('NOTENOUGH'))
        return 'Top up the merchant account: it is repeated until WeChat takes it.';
      if (/certificate|WECHAT_C|CERT_ERROR/.test(lastError))
        return 'Repair the merchant certificate (WECHAT_CERT, WECHAT_CERT_KEY, WECHAT_CA): it is repeated until WeChat takes it.';
      return 'Nothing: it is repeated until WeChat takes it. Should it stay so, last error says why.';
    case 'PROCESSING':
      return 'Nothing: WeChat has taken it on; bank cards take days.';
    case 'SUCCESS':
      return 'Nothing: the buyer has the money.';
    case 'REPAID':
      return 'Nothing: the buyer was repaid without WeChat.';
    case 'REFUSED':
    case 'CLOSED':
    case 'ABNORMAL':
      return 'See GET /operator/anomalies of order: it is repaired there.';
  }
}

/** What WeChat is told; a repeat tells it exactly the same. Amounts in fen. */
export interface RefundRequest {
  /** The one it was paid with. */
  appid: string;
  outRefundNo: string;
  transactionId: string;
  outTradeNo: string;
  /** The amount of the payment, the same for every refund of it. */
  totalFee: number;
  amountFen: number;
  reason: string;
}

export interface Refund extends RefundRequest {
  orderNo: string;
  origin: RefundOrigin;
  state: RefundState;
  refundId: string | null;
  /** When WeChat was last called with this refund; null: never. */
  calledAt: Date | null;
  tries: number;
}

/** One refund as WeChat shows it, already in our words. */
export interface RefundAtWechat {
  outRefundNo: string;
  refundId: string;
  transactionId: string;
  outTradeNo: string;
  totalFee: number;
  amountFen: number;
  state: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL' | 'UNKNOWN';
}

/** Whether both are the same refund of the same money; the smallest difference makes WeChat's word one about another. */
export const isSameRefund = (refund: Refund, seen: RefundAtWechat): boolean =>
  refund.outRefundNo === seen.outRefundNo &&
  refund.transactionId === seen.transactionId &&
  refund.outTradeNo === seen.outTradeNo &&
  refund.totalFee === seen.totalFee &&
  refund.amountFen === seen.amountFen &&
  (refund.refundId === null || refund.refundId === seen.refundId);

/**
 * Codes with which WeChat will never take this refund on, however often it is asked. All others stay and are repeated
 * with the same number: busy, too fast, funds too small, and what the operator repairs in the account
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_4).
 */
const DEFINITE: ReadonlySet<string> = new Set([
  'TRADE_OVERDUE',
  'ERROR',
  'USER_ACCOUNT_ABNORMAL',
  'INVALID_TRANSACTIONID',
  'ORDERNOTEXIST',
  'REFUND_FEE_MISMATCH',
  'INVALID_REQUEST',
  'PARAM_ERROR',
  'NOT_SENT',
]);
export const isDefiniteRefusal = (code: string): boolean => DEFINITE.has(code);

/** Reasons for waiting that time alone does not remove: the funds, the certificate or the account need somebody. */
export const needsHands = (reason: string): boolean =>
  /^(NOTENOUGH|CERT_ERROR|NOAUTH|SIGNERROR|(APPID|MCHID)_NOT_EXIST|APPID_MCHID_NOT_MATCH)$|certificate|WECHAT_C/.test(
    reason,
  );

/** WeChat takes two refunds of one payment only this far apart; a second more than it asks for, because clocks differ. */
export const REFUNDS_APART_MS = 61_000;

/**
 * When a refund is looked at again. One that WeChat has not taken on is tried soon, then patiently and without end; one
 * in progress is asked about soon (balances take seconds) and then ever more slowly (bank cards take days).
 * @param tries from 0
 */
export const refundTryMs = (state: 'REQUESTED' | 'PROCESSING', tries: number): number =>
  state === 'REQUESTED' ? backOffMs(tries, 5_000, 10 * 60_000) : backOffMs(tries, 3_000, 30 * 60_000);

/** When the list of a payment's refunds is asked for again. `tries` from 0. */
export const listingTryMs = (tries: number): number => backOffMs(tries, 5_000, 10 * 60_000);

/**
 * How long until `order` is told the end of a refund again; undefined: never. ABNORMAL is told until `order` has said that
 * the buyer was repaid. Any other end of a refund `order` did not ask for is told some time, because nobody there would
 * miss it; of its own refunds `order` asks.
 */
export function tellEndMs({ state, origin, tries }: Pick<Refund, 'state' | 'origin' | 'tries'>): number | undefined {
  if (state === 'ABNORMAL') return tellAgainMs(tries);
  return isWechatsEnd(state) && origin === 'CONSOLE' && tries <= 16 ? tellAgainMs(tries) : undefined;
}

/** Bytes WeChat takes for the reason shown to the buyer; the limit counts bytes of UTF-8. */
const REASON_BYTES = 80;

/** The reason as WeChat takes it: no 4-byte and control characters, cut on a character border. Never empty. */
export function wechatReason(reason: string): string {
  let text = '';
  let bytes = 0;
  for (const character of reason) {
    const safe = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(character) || character.length > 1 ? '?' : character;
    const code = safe.charCodeAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if (bytes > REASON_BYTES) break;
    text += safe;
  }
  return text.trim() || '-';
}
