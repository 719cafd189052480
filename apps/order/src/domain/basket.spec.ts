import { describe, expect, it } from '@jest/globals';
import { priceBasket, type Product } from './basket.ts';

const product = (productId: string, priceFen: number, stock = 10): [string, Product] => [
  productId,
  { productId, title: `Title ${productId}`, priceFen, stock },
];
const shop = new Map([product('tea', 1), product('cup', 2_000), product('gold', 9_999_999_999, 2)]);

describe('pricing a basket', () => {
  it('adds up the shop’s prices, in fen', () => {
    expect(
      priceBasket(
        [
          { productId: 'tea', quantity: 3 },
          { productId: 'cup', quantity: 2 },
        ],
        shop,
      ),
    ).toMatchObject({ kind: 'priced', totalFee: 4_003, title: 'Title tea +1' });
  });

  it('sorts the lines by product, whatever order the buyer used', () => {
    const basket = priceBasket(
      [
        { productId: 'tea', quantity: 1 },
        { productId: 'cup', quantity: 1 },
      ],
      shop,
    );
    expect(basket.kind === 'priced' && basket.lines.map((line) => line.productId)).toEqual(['cup', 'tea']);
  });

  it('names the place of an unknown product', () => {
    expect(
      priceBasket(
        [
          { productId: 'tea', quantity: 1 },
          { productId: 'ghost', quantity: 1 },
        ],
        shop,
      ),
    ).toEqual({ kind: 'unknown-product', productId: 'ghost', at: 1 });
  });

  it('names the product that is short', () => {
    expect(priceBasket([{ productId: 'tea', quantity: 11 }], shop)).toEqual({
      kind: 'out-of-stock',
      productId: 'tea',
      at: 0,
    });
  });

  it('takes an amount of ten digits and not one fen more', () => {
    expect(priceBasket([{ productId: 'gold', quantity: 1 }], shop)).toMatchObject({ totalFee: 9_999_999_999 });
    expect(
      priceBasket(
        [
          { productId: 'gold', quantity: 1 },
          { productId: 'tea', quantity: 1 },
        ],
        shop,
      ),
    ).toEqual({ kind: 'too-expensive' });
  });
});
