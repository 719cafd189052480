import type { Locale } from '#platform';
import type { Phase } from './cashier.texts.ts';
import type { Device } from './device.ts';

/** The status of an order as the buyer's page reads it, with what only the first paint needs. Times are ISO 8601. */
export interface CashierView {
  orderNo: string;
  outTradeNo: string | null;
  orderStatus: string;
  /** The way to pay that is open, or by which it was paid; null before the first. */
  tradeType: 'NATIVE' | 'JSAPI' | 'MWEB' | 'APP' | null;
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
  device: Device;
  /** Whether the page begins with the code: on a desk, and where the buyer asked for it. */
  wantsCode: boolean;
  /** Whether a buyer inside WeChat can pay there. */
  jsapi: boolean;
  /** Where "order again" leads; null hides it. */
  shopUrl: string | null;
  /** The shop's own page for a paid order, opened a moment after the order is; null: the buyer stays here. */
  successUrl: string | null;
  /** Demo only: the simulated phone that can pay this code. */
  phoneUrl: string | null;
}
