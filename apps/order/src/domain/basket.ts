/** The largest amount one order may have, in fen (ten digits, as far as WeChat's `total_fee` is taken). */
export const MAX_TOTAL_FEE = 9_999_999_999;

/** A product as the shop sells it now. Price in fen. */
export interface Product {
  productId: string;
  title: string;
  priceFen: number;
  stock: number;
}

/** One wish of a buyer: how many of which. */
export interface Wish {
  productId: string;
  quantity: number;
}

/** One line of an order, with the price it was bought at. */
export interface Line extends Wish {
  title: string;
  priceFen: number;
}

export type Basket =
  | { kind: 'priced'; lines: Line[]; totalFee: number; title: string }
  /** `at` is the place in the buyer's list. */
  | { kind: 'unknown-product'; productId: string; at: number }
  | { kind: 'out-of-stock'; productId: string; at: number }
  | { kind: 'too-expensive' };

/**
 * Prices a buyer's wishes by the shop's own prices, never by anything the buyer sent. Lines come sorted by product, the
 * order in which stock is taken everywhere, so that two orders never wait for each other in a circle.
 */
export function priceBasket(wishes: readonly Wish[], products: ReadonlyMap<string, Product>): Basket {
  const lines: Line[] = [];
  for (const [at, { productId, quantity }] of wishes.entries()) {
    const product = products.get(productId);
    if (!product) return { kind: 'unknown-product', productId, at };
    lines.push({ productId, quantity, title: product.title, priceFen: product.priceFen });
  }
  const short = wishes.findIndex(({ productId, quantity }) => (products.get(productId)?.stock ?? 0) < quantity);
  if (short >= 0) return { kind: 'out-of-stock', productId: wishes[short]?.productId ?? '', at: short };
  const totalFee = lines.reduce((sum, line) => sum + line.priceFen * line.quantity, 0);
  if (totalFee > MAX_TOTAL_FEE) return { kind: 'too-expensive' };
  const first = lines[0]?.title ?? '';
  const title = lines.length > 1 ? `${first} +${lines.length - 1}` : first;
  return { kind: 'priced', lines: lines.sort((a, b) => (a.productId < b.productId ? -1 : 1)), totalFee, title };
}
