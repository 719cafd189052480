/** Sends the plan's buyers in at their time and waits until the last has left. */
import { Buyer } from './buyer.ts';
import { Diary } from './diary.ts';
import type { BuyerPlan } from './plan.ts';
import type { World } from './world.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export class Crowd {
  readonly diary = new Diary();
  #came = 0;

  constructor(
    private readonly world: World,
    private readonly instances: 1 | 2,
  ) {}

  /**
   * Who comes in a later run is somebody else.
   * @param giveUpAt nobody tries again after this time of day, in ms
   */
  async run(buyers: readonly BuyerPlan[], startedAt: number, giveUpAt: number): Promise<void> {
    const first = this.#came;
    this.#came += buyers.length;
    await Promise.all(
      buyers.map(async (plan, nth) => {
        const index = first + nth;
        await pause(startedAt + plan.atMs - Date.now());
        await new Buyer(this.world, this.diary, plan, index, (index % this.instances) + 1, giveUpAt).act();
      }),
    );
  }
}
