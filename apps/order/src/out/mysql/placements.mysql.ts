import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { failPoint, isDuplicate, newOrderNo, Outbox, serverErrorOf, transact } from '#platform';
import { priceBasket, type Basket, type Line, type Product } from '../../domain/basket.ts';
import { FIRST_STATUS } from '../../domain/order-states.ts';
import { Placements, type OrderRequest, type PlacedOrder, type Placement } from '../../flow/ports.ts';
import { orderPlaced } from './order-moves.ts';

type Priced = Extract<Basket, { kind: 'priced' }>;

type Refusal = Exclude<Basket, Priced>;
type Because = Refusal | { kind: 'key-busy' | 'shop-busy' } | { kind: 'key-taken' } | { kind: 'again' };

/** Ends the transaction with nothing written. */
class Abandon extends Error {
  constructor(readonly because: Because) {
    super(because.kind);
  }
}

/** Whether it is an answer, unless an earlier request with the same key has left another one. */
const isAnswer = (because: Because): because is Exclude<Because, { kind: 'key-taken' | 'again' }> =>
  because.kind !== 'key-taken' && because.kind !== 'again';

/** MySQL's number for a row lock that was not given in time. */
const LOCK_WAIT_TIMEOUT = 1205;
/** Prices may change while an order is placed; then it is priced anew, at most this often. */
const ATTEMPTS = 5;

/** New orders in MySQL. */
@Injectable()
export class MysqlPlacements extends Placements {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async place(request: OrderRequest, answer: (order: PlacedOrder) => string): Promise<Placement> {
    failPoint('place.asked', request);
    for (let attempt = 1; ; attempt++) {
      const placement = await this.attempt(request, answer);
      if (placement) return placement;
      if (attempt === ATTEMPTS) throw new Error('products keep changing while an order is placed');
    }
  }

  /** @returns undefined when products changed meanwhile and it is worth trying again */
  private async attempt(request: OrderRequest, answer: (order: PlacedOrder) => string): Promise<Placement | undefined> {
    try {
      const { recorded, ...placed } = await transact(this.dataSource, (em) => this.write(em, request, answer));
      failPoint('place.committed', request);
      this.outbox.publish(recorded);
      return { kind: 'placed', ...placed };
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
      return await this.answerAgain(request, error.because);
    }
  }

  private async write(em: EntityManager, request: OrderRequest, answer: (order: PlacedOrder) => string) {
    const { products, now } = await readProducts(em, request.wishes);
    const basket = priceBasket(request.wishes, products);
    if (basket.kind !== 'priced') throw new Abandon(basket);
    const order: PlacedOrder = {
      orderNo: newOrderNo(now),
      buyerId: request.buyerId,
      status: FIRST_STATUS,
      totalFee: basket.totalFee,
      title: basket.title,
      lines: basket.lines,
      expiresAt: new Date(now.getTime() + request.payWithinMs),
    };
    const body = answer(order);
    await takeKey(em, request, body, now);
    await insertOrder(em, order, now);
    const recorded = await this.outbox.record(em, [orderPlaced(order, now)]);
    // Last, so that the row of a product everybody wants is locked for one statement and the commit only.
    if (!(await takeStock(em, basket.lines))) {
      const basketNow = priceBasket(request.wishes, (await readProducts(em, request.wishes)).products);
      throw new Abandon(basketNow.kind === 'priced' ? { kind: 'again' } : basketNow);
    }
    failPoint('place.stock-taken', request);
    return { order, body, recorded };
  }

  /** Nothing was written: an earlier request with this key may have been; otherwise the refusal stands. */
  private async answerAgain(request: OrderRequest, because: Because): Promise<Placement | undefined> {
    const [stored] = await this.dataSource.query<{ fingerprint: string; status: number; body: string }[]>(
      'SELECT fingerprint, status, body FROM idempotency WHERE buyer_id = ? AND idem_key = ?',
      [request.buyerId, request.key],
    );
    if (stored) {
      if (stored.fingerprint !== request.fingerprint) return { kind: 'key-reused' };
      return { kind: 'replayed', status: stored.status, body: stored.body };
    }
    return isAnswer(because) ? because : undefined;
  }
}

async function readProducts(em: EntityManager, wishes: OrderRequest['wishes']) {
  const rows = await em.query<(Omit<Product, 'priceFen'> & { priceFen: string; now: Date })[]>(
    `SELECT product_id AS productId, title, price_fen AS priceFen, stock, UTC_TIMESTAMP(3) AS now
     FROM product WHERE product_id IN (?)`,
    [wishes.map(({ productId }) => productId)],
  );
  const products = new Map<string, Product>();
  for (const { productId, title, priceFen, stock } of rows) {
    products.set(productId, { productId, title, priceFen: Number(priceFen), stock });
  }
  return { products, now: rows[0]?.now ?? new Date(0) };
}

/** Waits while another request holds the same key uncommitted; then the key is free, or taken for good. */
async function takeKey(em: EntityManager, request: OrderRequest, body: string, now: Date): Promise<void> {
  try {
    await em.query('INSERT INTO idempotency (buyer_id, idem_key, fingerprint, status, body, created_at) VALUES ?', [
      [[request.buyerId, request.key, request.fingerprint, 201, body, now]],
    ]);
  } catch (error) {
    if (isDuplicate(error)) throw new Abandon({ kind: 'key-taken' });
    throw orBusy(error, 'key-busy');
  }
}

async function insertOrder(em: EntityManager, order: PlacedOrder, now: Date): Promise<void> {
  const { orderNo, buyerId, status, totalFee, title, lines, expiresAt } = order;
  await em.query(
    'INSERT INTO orders (order_no, buyer_id, status, total_fee, title, expires_at, created_at, updated_at) VALUES ?',
    [[[orderNo, buyerId, status, totalFee, title, expiresAt, now, now]]],
  );
  await em.query('INSERT INTO order_item (order_no, product_id, title, quantity, price_fen) VALUES ?', [
    lines.map((line) => [orderNo, line.productId, line.title, line.quantity, line.priceFen]),
  ]);
  await em.query('INSERT INTO reservation (order_no, product_id, quantity, state) VALUES ?', [
    lines.map(({ productId, quantity }) => [orderNo, productId, quantity, 'RESERVED']),
  ]);
  await em.query('INSERT INTO order_log (order_no, from_status, to_status, reason, `at`) VALUES ?', [
    [[orderNo, null, status, 'placed', now]],
  ]);
}

/** Takes the stock of all lines in one UPDATE, products ascending by the key it ranges over; false when one was short or changed its price. */
async function takeStock(em: EntityManager, lines: readonly Line[]): Promise<boolean> {
  const each = 'WHEN ? THEN ? '.repeat(lines.length);
  const quantities = lines.flatMap(({ productId, quantity }) => [productId, quantity]);
  const prices = lines.flatMap(({ productId, priceFen }) => [productId, priceFen]);
  const taking = em.query<{ affectedRows: number }>(
    `UPDATE product FORCE INDEX (PRIMARY) SET stock = stock - CASE product_id ${each}END
     WHERE product_id IN (?) AND stock >= CASE product_id ${each}END AND price_fen = CASE product_id ${each}END`,
    [...quantities, lines.map(({ productId }) => productId), ...quantities, ...prices],
  );
  const { affectedRows } = await taking.catch((error: unknown) => {
    throw orBusy(error, 'shop-busy');
  });
  return affectedRows === lines.length;
}

/** A lock that was not given in time ends the attempt: the buyer is answered now rather than waiting on and on. */
function orBusy(error: unknown, kind: 'key-busy' | 'shop-busy'): unknown {
  return serverErrorOf(error) === LOCK_WAIT_TIMEOUT ? new Abandon({ kind }) : error;
}
