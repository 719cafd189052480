import { type DataSource } from 'typeorm';
import { type Product } from '../../domain/basket.ts';

/** What the demo shop sells. Prices in fen; one is a single fen, one is nearly sold out. */
const products: readonly Product[] = [
  { productId: 'tea-longjing', title: '西湖龙井 50 克 · Longjing green tea, 50 g', priceFen: 6_800, stock: 500 },
  { productId: 'tea-puer', title: '普洱熟茶饼 357 克 · Ripe pu-erh cake, 357 g', priceFen: 12_900, stock: 300 },
  { productId: 'cup-celadon', title: '龙泉青瓷杯 · Longquan celadon cup', priceFen: 4_500, stock: 200 },
  { productId: 'fan-silk', title: '苏绣团扇 · Embroidered silk fan', priceFen: 9_900, stock: 5 },
  { productId: 'noodles-dandan', title: '担担面（四份装）· Dan dan noodles, 4 servings', priceFen: 2_680, stock: 800 },
  { productId: 'sticker-penny', title: '一分钱贴纸 · One-fen sticker', priceFen: 1, stock: 100_000 },
];

/** Puts the demo products in; those that exist stay as they are, sold or not. */
export async function seedProducts(dataSource: DataSource): Promise<void> {
  await dataSource.query('INSERT IGNORE INTO product (product_id, title, price_fen, stock) VALUES ?', [
    products.map(({ productId, title, priceFen, stock }) => [productId, title, priceFen, stock]),
  ]);
}
