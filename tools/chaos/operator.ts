/** What operators do: money of a paid order goes back, once, in parts, or too much of it; money of another amount is judged. */
import type { Client, PlacedOrder } from '../stack/client.ts';
import type { Diary } from './diary.ts';
import { unlessRefused } from './patience.ts';
import type { BuyerPlan } from './plan.ts';

export type RefundManner = 'refund-all' | 'refund-part' | 'refund-parts' | 'refund-too-much';

/** The buyer the operator acts for. */
export interface Complainer {
  index: number;
  plan: Pick<BuyerPlan, 'quantity'>;
  call: <T>(what: 'refund' | 'review', work: () => Promise<T>, orderNo?: string) => Promise<T>;
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
      return unlessRefused([ask(1, most), ask(2, most)]);
    }
  }
}

/** What was paid is too little in the second case only. */
const DECISIONS: readonly (readonly ('accept' | 'refund')[])[] = [['accept', 'refund'], ['refund'], ['accept']];
const BESIDE_THE_PRICE_FEN = [30, -1, 1];

/** What the buyer of a judged order pays more, or less, than its price. @returns fen */
export const besideThePriceFen = (quantity: number): number =>
  BESIDE_THE_PRICE_FEN[quantity % BESIDE_THE_PRICE_FEN.length] ?? 0;

/** Operators decide about money of another amount; every key is used twice, and of two who decide at once one is refused. */
export async function judge(
  orderNo: string,
  buyer: Complainer,
  diary: Pick<Diary, 'keys'>,
  operator: Client,
): Promise<void> {
  const decide = async (decision: 'accept' | 'refund'): Promise<void> => {
    const key = `review-${buyer.index}-${decision}`;
    const once = () => buyer.call('review', () => operator.review(orderNo, decision, key), orderNo);
    const [first, second] = [await once(), await once()].map((one) => JSON.stringify(one));
    const asPromised = first === second;
    diary.keys.push({ orderNo, buyer: buyer.index, what: 'same-decision', asPromised, seen: String(second) });
  };
  const decisions = DECISIONS[buyer.plan.quantity % DECISIONS.length] ?? [];
  await unlessRefused(decisions.map((decision) => decide(decision)));
}
