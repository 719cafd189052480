/** Permanent codes of products (mode 1): WeChat, who tells of a scan, and `order`, who sells. */
import type { SignType } from '../../domain/attempt.ts';
import type { NewPayable } from '../../domain/payable.ts';

/** Somebody has scanned the permanent code of a product (mode 1). */
export interface ProductScan {
  productId: string;
  openid: string;
  /** The same for the same scan told again. */
  scanId: string;
  /** The algorithm it was signed with; the answer is signed with it too. */
  signType: SignType;
}

export type OpenedScan = { kind: 'scanned'; scan: ProductScan } | { kind: 'refused'; reason: string };

/** Permanent codes of products at WeChat (mode 1). */
export abstract class ProductCodes {
  /** What a product's QR code says; each call makes another one, and all stay good. */
  abstract url(productId: string): string;
  /** A shorter text for the same, which is easier to scan. */
  abstract shorten(url: string, deadlineMs: number): Promise<Shortened>;
  /** The only way to a scan's content: it is verified first. */
  abstract open(raw: Buffer): OpenedScan;
  /** The answer that WeChat waits for; a refusal is shown to who has scanned (at most 128 bytes). */
  abstract answer(signType: SignType, answer: { prepayId: string } | { refusal: string }): string;
}

export type Shortened =
  { kind: 'short'; url: string } | { kind: 'refused'; code: string; text: string } | { kind: 'unknown' };

/** What `order` sells, asked directly because WeChat waits. */
export abstract class Products {
  abstract has(productId: string): Promise<boolean | 'unreachable'>;
  /** The order of who has scanned: the one still unpaid, or a new one. */
  abstract orderFor(
    scan: ProductScan,
    withinMs: number,
  ): Promise<NewPayable | 'unknown-product' | 'sold-out' | 'busy' | 'unreachable'>;
}
