import { describe, expect, it } from '@jest/globals';
import { everyOrder, type Scene } from './every-order.testing.ts';
import type { Turns } from './turns.testing.ts';

/** Threads that take turns at one number; `end` sees every result. */
const counting = (
  turnsOf: readonly number[],
  work: (turns: Turns, box: { value: number }) => () => Promise<unknown>,
) => {
  const results: number[] = [];
  const open = (turns: Turns): Promise<Scene> => {
    const box = { value: 0 };
    const step = work(turns, box);
    for (const [thread, count] of turnsOf.entries()) {
      turns.start(`thread ${thread}`, async () => {
        for (let i = 0; i < count; i++) await step();
      });
    }
    const end = () => {
      results.push(box.value);
      return Promise.resolve();
    };
    return Promise.resolve({ fingerprint: () => String(box.value), end });
  };
  return { open, results };
};

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

describe('every order of turns', () => {
  it.each([
    [[1, 1], 2],
    [[3, 4], choose(7, 3)],
    [[6, 6], choose(12, 6)],
    [[3, 3, 3], 1680],
    [[2, 2, 2, 2], 2520],
  ])('of threads with %j turns is tried, each once', async (turnsOf, schedules) => {
    const { open, results } = counting(turnsOf, (turns, box) => () => turns.take('adds one', () => (box.value += 1)));
    const explored = await everyOrder(open);
    expect(explored.schedules).toBe(schedules);
    expect(explored.ends).toBe(1);
    expect(results).toEqual([turnsOf.reduce((sum, one) => sum + one)]);
  });

  it('finds each result that a lost update can have', async () => {
    const { open, results } = counting([2, 2], (turns, box) => async () => {
      const seen = await turns.take('reads', () => box.value);
      await turns.take('writes', () => void (box.value = seen + 1));
    });
    const explored = await everyOrder(open);
    expect(explored.schedules).toBe(choose(8, 4));
    expect(new Set(results)).toEqual(new Set([2, 3, 4]));
  });

  it('counts the orders of threads that begin on the way', async () => {
    let most = 0;
    const explored = await everyOrder((turns) => {
      const done: string[] = [];
      const deed = (name: string) => () => turns.take(name, () => void done.push(name));
      turns.start('first', async () => {
        await turns.take('begins others', () => {
          turns.start('second', deed('second'));
          turns.start('third', deed('third'));
        });
        await deed('first')();
      });
      const end = () => {
        most = Math.max(most, done.length);
        return Promise.resolve();
      };
      return Promise.resolve({ fingerprint: () => done.join(), end });
    });
    expect(explored).toMatchObject({ schedules: 6, ends: 6 });
    expect(most).toBe(3);
  });

  it('names the order of turns that ends badly', async () => {
    const { open } = counting([1, 1], (turns, box) => async () => {
      const seen = await turns.take('reads', () => box.value);
      await turns.take('writes', () => void (box.value = seen + 1));
    });
    const spoiled = async (turns: Turns): Promise<Scene> => {
      const scene = await open(turns);
      const end = () => (scene.fingerprint() === '2' ? Promise.resolve() : Promise.reject(new Error('one is lost')));
      return { ...scene, end };
    };
    await expect(everyOrder(spoiled)).rejects.toThrow(/one is lost\nafter this order of turns:\n {2}reads\n {2}reads/);
  });

  it('refuses to stop before the end', async () => {
    const { open } = counting([9, 9], (turns, box) => () => turns.take('adds one', () => (box.value += 1)));
    await expect(everyOrder(open, 50)).rejects.toThrow('more than 50 states');
  });
});
