import type { Locale } from '#platform';
import type { Phase } from './cashier.texts.ts';

/** The status of an order as the buyer's page reads it, with what only the first paint needs. Times are ISO 8601. */
export interface CashierView {
  orderNo: string;
  outTradeNo: string | null;
  orderStatus: string;
  tradeState: string | null;
  refundStatus: string | null;
  phase: Phase;
  /** Fen. */
  totalFee: number;
  title: string;
  expiresAt: string;
  paidAt: string | null;
  codeUrlExpiresAt: string | null;
  serverTime: string;
  /** SVG of the open code, made by this service: the only value that is not escaped. Null: the page's script asks. */
  qrSvg: string | null;
  codeUrl: string | null;
  locale: Locale;
  merchantName: string;
  /** Where "order again" leads; null hides it. */
  shopUrl: string | null;
  /** Demo only: the simulated phone that can pay this code. */
  phoneUrl: string | null;
}
