/** Many buyers at once, and the books that must balance afterwards. */
import { until } from '../../tools/services/until.ts';
import { UnexpectedAnswer, type Client, type CreatedCode, type PlacedOrder } from '../../tools/stack/client.ts';
import type { Stack } from './stack.ts';

/** What the crowd buys: 68.00 yuan, 68 points, 500 in stock. */
export const TEA = { productId: 'tea-longjing', priceFen: 6_800, points: 68 } as const;

export interface Bought {
  order: PlacedOrder;
  code: CreatedCode;
  transactionId: string;
}

/** One buyer's way up to the code on the screen. */
export async function upToTheCode(buyer: Client, quantity = 1): Promise<{ order: PlacedOrder; code: CreatedCode }> {
  const order = await buyer.place([{ productId: TEA.productId, quantity }]);
  await buyer.openCashier(order);
  return { order, code: await buyer.createCode(order.orderNo) };
}

const PATIENCE_MS = 60_000;

/** Repeats what a buyer would repeat: no answer, or an answer that says "later". A refusal is thrown at once. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const attempt = async (): Promise<{ value: T } | { refusal: UnexpectedAnswer }> => {
    try {
      return { value: await work() };
    } catch (error) {
      const isRefusal = error instanceof UnexpectedAnswer && error.status < 500 && error.status !== 429;
      if (isRefusal) return { refusal: error };
      throw error;
    }
  };
  const result = await until('a buyer gets through', attempt, PATIENCE_MS, 200);
  if ('refusal' in result) throw result.refusal;
  return result.value;
}

/** A crowd at work: how many have tapped "pay" so far, and everything they bought once they are through. */
export interface Crowd {
  paid: () => number;
  done: Promise<Bought[]>;
}

/**
 * `count` buyers, `abreast` at a time, each from the shelf to the tap on "pay".
 * @param patient repeats a step that fails because a process is away
 */
export function crowd(stack: Pick<Stack, 'buyer'>, count: number, { abreast = 16, patient = false } = {}): Crowd {
  const again = patient ? patiently : <T>(work: () => Promise<T>) => work();
  const bought: Bought[] = [];
  let left = count;
  const one = async (): Promise<void> => {
    const buyer = stack.buyer();
    const key = crypto.randomUUID();
    const order = await again(() => buyer.place([{ productId: TEA.productId, quantity: 1 }], key));
    await again(() => buyer.openCashier(order));
    const code = await again(() => buyer.createCode(order.orderNo));
    const { transactionId } = await again(() => buyer.tap(code.code_url));
    bought.push({ order, code, transactionId: transactionId ?? '' });
  };
  const queue = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const done = Promise.all(Array.from({ length: abreast }, queue)).then(() => bought);
  // Whoever waits for the crowd sees its error; until then it must not end the test run.
  done.catch(() => undefined);
  return { paid: () => bought.length, done };
}

/** Everything that was counted after a crowd has bought; what it must be is {@link balanced}. */
export interface Books {
  paidOrders: number;
  otherOrders: number;
  settledOnce: number;
  mainPayments: number;
  otherPayments: number;
  points: number;
  stock: number;
  soldReservations: number;
  captured: number;
  capturedFen: number;
  bookedFen: number;
  successfulAttempts: number;
  anomaliesOfOrder: number;
  anomaliesOfPay: number;
  parkedMessages: number;
}

/** Counts in both databases and in the simulator's ledger. */
export async function books(stack: Stack): Promise<Books> {
  const order = (sql: string) => stack.number('order', sql);
  const pay = (sql: string) => stack.number('pay', sql);
  const captured = (await stack.buyer().ledger()).filter(({ kind }) => kind === 'captured');
  const toPaid = "SELECT order_no FROM order_log WHERE to_status = 'PAID' GROUP BY order_no HAVING COUNT(*) = 1";
  return {
    paidOrders: await order("SELECT COUNT(*) FROM orders WHERE status = 'PAID'"),
    otherOrders: await order("SELECT COUNT(*) FROM orders WHERE status <> 'PAID'"),
    settledOnce: await order(`SELECT COUNT(*) FROM (${toPaid}) AS once`),
    mainPayments: await order("SELECT COUNT(*) FROM order_payment WHERE role = 'MAIN'"),
    otherPayments: await order("SELECT COUNT(*) FROM order_payment WHERE role <> 'MAIN'"),
    points: await order('SELECT SUM(points) FROM point_ledger'),
    stock: await order(`SELECT stock FROM product WHERE product_id = '${TEA.productId}'`),
    soldReservations: await order("SELECT COUNT(*) FROM reservation WHERE state = 'SOLD'"),
    captured: captured.length,
    capturedFen: captured.reduce((sum, entry) => sum + (entry.totalFee ?? 0), 0),
    bookedFen: await order('SELECT SUM(total_fee) FROM order_payment'),
    successfulAttempts: await pay("SELECT COUNT(*) FROM attempt WHERE state = 'SUCCESS'"),
    anomaliesOfOrder: await order('SELECT COUNT(*) FROM anomaly'),
    anomaliesOfPay: await pay('SELECT COUNT(*) FROM anomaly'),
    parkedMessages:
      (await order('SELECT COUNT(*) FROM parked_message')) + (await pay('SELECT COUNT(*) FROM parked_message')),
  };
}

/** The books after `count` buyers have paid for one tea each, from `stockBefore`. */
export const balanced = (count: number, stockBefore: number): Books => ({
  paidOrders: count,
  otherOrders: 0,
  settledOnce: count,
  mainPayments: count,
  otherPayments: 0,
  points: count * TEA.points,
  stock: stockBefore - count,
  soldReservations: count,
  captured: count,
  capturedFen: count * TEA.priceFen,
  bookedFen: count * TEA.priceFen,
  successfulAttempts: count,
  anomaliesOfOrder: 0,
  anomaliesOfPay: 0,
  parkedMessages: 0,
});

/** Waits until `count` orders are PAID. */
export async function allPaid(stack: Stack, count: number, withinMs: number): Promise<void> {
  await until(
    `${count} orders are PAID`,
    async () => {
      const paid = await stack.number('order', "SELECT COUNT(*) FROM orders WHERE status = 'PAID'");
      if (paid === count) return true;
      throw new Error(`${paid} are`);
    },
    withinMs,
    200,
  );
}
