import { describe, expect, it } from '@jest/globals';
import { drawPlan } from '../tools/chaos/draw.ts';
import { runPlan } from '../tools/chaos/run.ts';

const TEST_MS = 240_000;

describe('the plan of seed 1, half a minute of everything that can go wrong', () => {
  it(
    'breaks no promise',
    async () => {
      const plan = { ...drawPlan(1, 25, 1), quietWithinMs: 120_000 };
      const { broken, figures, misses } = await runPlan({ plan, say: () => undefined });
      expect(broken).toEqual([]);
      expect(misses).toEqual([]);
      // The run was a real one.
      expect(figures.faultsInjected).toBe(plan.faults.length);
      expect(figures.orders).toBe(plan.buyers.length);
      expect(figures.paid).toBeGreaterThan(plan.buyers.length / 4);
    },
    TEST_MS,
  );
});
