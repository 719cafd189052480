import type { Protection } from './around.testing.ts';
import type { Scene } from './every-order.testing.ts';
import { rest } from './rest.testing.ts';
import { BUYER, EXPIRES_AT, NO, Shop } from './shop.testing.ts';
import { forgetTimers, wake } from './timers.testing.ts';
import type { Turns } from './turns.testing.ts';
import type { Fate } from './wechat.testing.ts';

/** What may happen at the same time. */
export const ACTS = ['notify', 're-query', 'close', 'cancel', 'refund'] as const;
export type Act = (typeof ACTS)[number];

/**
 * How the shop stands before. `open`: a code is shown, time is just up, the buyer may still pay. `paid`: the money is
 * booked. `late`: the order was cancelled and WeChat, against its word, took money afterwards: it notifies, and the money
 * has to go back.
 */
export const STANDS = ['open', 'paid', 'late'] as const;
export type Stand = (typeof STANDS)[number];

const REFUND_FEN = 60;
/** A prepay that waits for another one looks again after this. */
const POLL_MS = 100;

/** A shop in which everything up to `stand` has happened, one after the other. */
export async function shopAt(stand: Stand, turns: Turns, without: readonly Protection[] = []): Promise<Shop> {
  const shop = new Shop(turns, new Set(without));
  turns.straightOn = true;
  await shop.place();
  await shop.steps.prepay.native(NO, '10.0.0.2');
  shop.now = EXPIRES_AT - 1_000;
  if (stand === 'paid') await shop.buyerPays(NO, 1);
  if (stand === 'late') {
    shop.wechat.strange = true;
    await shop.steps.cancel.cancel(NO, BUYER);
    await turns.settle();
    await shop.buyerPays(NO, 0);
    shop.unanswered.payments.add(NO);
  }
  await turns.settle();
  // Whatever is looked at by the clock is due.
  shop.now = EXPIRES_AT + 120_000;
  turns.straightOn = false;
  return shop;
}

/** Begins one of the acts. `nth`: the same act a second time is somebody else's. */
export function begin(act: Act, stand: Stand, shop: Shop, nth = 1): void {
  const { steps, turns } = shop;
  const start = (begun: () => Promise<unknown>) => turns.start(`${act} ${nth}`, begun);
  switch (act) {
    case 'notify':
      if (stand === 'open') start(() => shop.buyerPays(NO, 1));
      else start(() => shop.notify(NO));
      return;
    case 're-query':
      start(() => (nth === 1 ? steps.requery.tick() : steps.settleNow.order(NO, 'operator')));
      return;
    case 'close':
      start(() => steps.expire.timeouts([NO]));
      if (stand !== 'open') start(() => steps.record.closeRequested([{ orderNo: NO, reason: 'timeout' }]));
      return;
    case 'cancel':
      start(() => steps.cancel.cancel(NO, BUYER));
      return;
    case 'refund': {
      // Late money goes back by itself, as soon as it is told.
      if (stand === 'late') {
        start(() => shop.notify(NO));
        return;
      }
      const wish = { orderNo: NO, amountFen: REFUND_FEN, reason: 'broken', restock: nth === 2, operator: 'op' };
      start(() => steps.refunds.request({ ...wish, key: `${nth}`, fingerprint: `${nth}` }));
    }
  }
}

/** What is not as usual. */
export interface Odd {
  without?: readonly Protection[];
  /** WeChat takes money although it has closed. */
  strange?: boolean;
  /** How often the first messages arrive. */
  copies?: readonly number[];
  /** What becomes of the first calls to WeChat. */
  fates?: readonly Fate[];
  /** What WeChat takes instead of what was asked for, in fen. */
  takes?: number;
}

/** Makes a shop odd from now on. */
export function spoil(shop: Shop, { strange = false, copies = [], fates = [], takes }: Odd): void {
  shop.wechat.strange ||= strange;
  shop.wechat.takes = takes;
  shop.wechat.fates.push(...fates);
  shop.broker.copies.push(...copies);
}

/**
 * Two acts at the same time. Beside them the buyer of an open order may pay at any moment, even if nobody notifies us; of
 * late money WeChat notifies in the end.
 */
export const pair =
  (stand: Stand, one: Act, other: Act, odd: Odd = {}) =>
  async (turns: Turns): Promise<Scene> => {
    const shop = await shopAt(stand, turns, odd.without);
    spoil(shop, odd);
    begin(one, stand, shop);
    begin(other, stand, shop, one === other ? 2 : 1);
    if (stand === 'open' && one !== 'notify' && other !== 'notify') {
      turns.start('the buyer', () => shop.buyerPays(NO, 0));
    }
    return sceneOf(shop);
  };

/**
 * A buyer asks for a code, and at the same time another browser does, or wants to pay in another way, or the buyer cancels.
 * Whoever gets something to pay by pays it.
 */
export const prepayAnd =
  (other: 'prepay' | 'switch' | 'cancel') =>
  async (turns: Turns): Promise<Scene> => {
    const shop = new Shop(turns);
    const { prepay } = shop.steps;
    turns.straightOn = true;
    await shop.place();
    turns.straightOn = false;
    const pay = async (asked: Promise<{ kind: string; outTradeNo?: string }>) => {
      const { outTradeNo } = await asked;
      if (outTradeNo !== undefined) await shop.buyerPays(outTradeNo, 1);
    };
    const others = {
      prepay: () => pay(prepay.native(NO, '10.0.0.3')),
      switch: () => pay(prepay.h5(NO, '10.0.0.3')),
      cancel: () => shop.steps.cancel.cancel(NO, BUYER),
    };
    turns.start('prepay', () => pay(prepay.native(NO, '10.0.0.2')));
    turns.start(other, others[other]);
    return { ...sceneOf(shop), wake: () => wake(POLL_MS) };
  };

function sceneOf(shop: Shop): Scene {
  forgetTimers();
  return { fingerprint: () => shop.fingerprint(), end: () => rest(shop) };
}
