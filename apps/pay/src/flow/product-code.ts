// Hands out the permanent code of a product (mode 1), of those that `order` sells only: a code that leads to nothing is not
// to be printed. Next: somebody scans it, scan.
import { Injectable } from '@nestjs/common';
import { ProductCodes, Products } from './ports.ts';

const SHORTEN_MS = 3_000;

export type ProductCodeAnswer =
  | { kind: 'code'; url: string }
  | { kind: 'unknown-product' }
  | { kind: 'order-unreachable' }
  | { kind: 'wechat-refused'; code: string; text: string }
  | { kind: 'wechat-unreachable'; timedOut: boolean };

@Injectable()
export class ProductCode {
  constructor(
    private readonly codes: ProductCodes,
    private readonly products: Products,
  ) {}

  /** @param short whether WeChat is asked for a shorter text of the same meaning */
  async of(productId: string, short: boolean): Promise<ProductCodeAnswer> {
    const known = await this.products.has(productId);
    if (known === 'unreachable') return { kind: 'order-unreachable' };
    if (!known) return { kind: 'unknown-product' };
    const url = this.codes.url(productId);
    if (!short) return { kind: 'code', url };
    const shortened = await this.codes.shorten(url, SHORTEN_MS);
    switch (shortened.kind) {
      case 'short':
        return { kind: 'code', url: shortened.url };
      case 'refused':
        return { kind: 'wechat-refused', code: shortened.code, text: shortened.text };
      case 'unknown':
        return { kind: 'wechat-unreachable', timedOut: false };
    }
  }
}
