import { broken, isAtRest } from './promises.testing.ts';
import type { Shop } from './shop.testing.ts';

/** Rounds until everything must have come to rest: more than the longest chain of steps that wait for each other. */
const ROUNDS = 20;
/** Longer than any lease, back-off and repeat of the first rounds. */
const ROUND_MS = 130_000;

/**
 * Faults are over and time passes: schedules tick, WeChat repeats what was answered FAIL, messages come again. Then
 * everything that was promised is checked.
 *
 * @throws Error naming what is broken
 */
export async function rest(shop: Shop): Promise<void> {
  shop.turns.straightOn = true;
  shop.wechat.fates.length = 0;
  for (let round = 0, quiet = 0; round < ROUNDS && quiet < 2; round++) {
    shop.now += ROUND_MS;
    await aRound(shop);
    quiet = isAtRest(shop) ? quiet + 1 : 0;
  }
  const found = broken(shop);
  if (found.length > 0) throw new Error(found.join('\n'));
}

async function aRound(shop: Shop): Promise<void> {
  const { steps, turns, unanswered, wechat } = shop;
  shop.broker.again();
  for (const outTradeNo of unanswered.payments) await shop.notify(outTradeNo);
  for (const { outRefundNo } of wechat.refunds.values()) wechat.giveBack(outRefundNo);
  for (const outRefundNo of unanswered.refunds) await shop.notifyRefund(outRefundNo);
  await steps.requery.tick();
  await steps.requery.sweep();
  await steps.close.tick();
  await steps.refundMoney.tick();
  await turns.settle();
  await steps.expire.sweep();
  await steps.refunds.resend();
  await turns.settle();
}
