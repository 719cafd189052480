/** What an operator does with a paid order whose buyer complains: money goes back, once, in parts, or too much of it. */
import type { Client, PlacedOrder } from '../stack/client.ts';
import type { Diary } from './diary.ts';
import { Refused } from './patience.ts';
import type { BuyerPlan } from './plan.ts';

export type RefundManner = 'refund-all' | 'refund-part' | 'refund-parts' | 'refund-too-much';

/** The buyer the operator acts for. */
export interface Complainer {
  index: number;
  plan: Pick<BuyerPlan, 'quantity'>;
  call: <T>(what: 'refund', work: () => Promise<T>, orderNo?: string) => Promise<T>;
}

/** Asks for the refunds of one order; every key is used twice. Amounts that exceed what was paid are meant to be refused. */
export async function giveBack(
  manner: RefundManner,
  { orderNo, totalFee }: Pick<PlacedOrder, 'orderNo' | 'totalFee'>,
  buyer: Complainer,
  diary: Pick<Diary, 'keys'>,
  operator: Client,
): Promise<void> {
  const restock = buyer.plan.quantity !== 1;
  const ask = async (part: number, amountFen: number): Promise<void> => {
    const key = `refund-${buyer.index}-${part}`;
    const body = { amountFen, reason: `退款 ${part}`, restock };
    const once = () => buyer.call('refund', () => operator.refund(orderNo, body, key), orderNo);
    const [first, second] = [await once(), await once()];
    const asPromised = first.outRefundNo === second.outRefundNo;
    diary.keys.push({ orderNo, buyer: buyer.index, what: 'same-refund', asPromised, seen: second.outRefundNo });
  };
  switch (manner) {
    case 'refund-all':
      return ask(1, totalFee);
    case 'refund-part':
      return ask(1, Math.ceil(totalFee / 3));
    case 'refund-parts': {
      const part = Math.floor(totalFee / 3);
      await ask(1, part);
      await ask(2, totalFee - part);
      return;
    }
    case 'refund-too-much': {
      // Two operators at the same moment: only one of them can have his way.
      const most = Math.ceil(totalFee * 0.6);
      const results = await Promise.allSettled([ask(1, most), ask(2, most)]);
      for (const one of results)
        if (one.status === 'rejected' && !(one.reason instanceof Refused)) throw one.reason as Error;
    }
  }
}
