/** What tests of the ways to pay have in common. */
import { type Client, UnexpectedAnswer } from '../../tools/stack/client.ts';
import { TEA } from './shop.ts';
import type { Stack } from './stack.ts';

/** A buyer in front of the cashier, who has not chosen yet. */
export async function ordered(stack: Stack): Promise<{ buyer: Client; orderNo: string }> {
  const buyer = stack.buyer();
  const order = await buyer.place([{ productId: TEA.productId, quantity: 1 }]);
  await buyer.openCashier(order);
  return { buyer, orderNo: order.orderNo };
}

/** An openid that the merchant's official account does not know. */
export const STRANGER = 'oPaypair666666666Phone000001';

/** Does something while WeChat's OAuth names this payer. */
export async function payingAs<T>(
  openid: string,
  simulator: { rules: (changes: { oauthOpenid: string }) => Promise<unknown> },
  act: () => Promise<T>,
): Promise<T> {
  await simulator.rules({ oauthOpenid: openid });
  try {
    return await act();
  } finally {
    await simulator.rules({ oauthOpenid: '' });
  }
}

/** The attempts of an order, oldest first. */
export const attempts = (stack: Stack, orderNo: string) =>
  stack.rows<{ out_trade_no: string; trade_type: string; state: string }>(
    'pay',
    'SELECT out_trade_no, trade_type, state FROM attempt WHERE order_no = ? ORDER BY seq',
    [orderNo],
  );

/** The problem that something was refused with. */
export async function refusal(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UnexpectedAnswer) return JSON.parse(error.body) as Record<string, unknown>;
  throw error;
}
