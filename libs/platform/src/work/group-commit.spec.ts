import { describe, expect, it } from '@jest/globals';
import { GroupCommit, GroupFull } from './group-commit.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A group whose batches end when the test says so. */
const controlled = (maxBatch: number, maxWaiting?: number) => {
  const batches: { items: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const group = new GroupCommit<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, finish: () => resolve(items.map((item) => `done ${item}`)), fail: reject });
      }),
    { maxBatch, ...(maxWaiting !== undefined && { maxWaiting }) },
  );
  return { group, batches };
};

describe('GroupCommit', () => {
  it('runs a single item at once', async () => {
    const { group, batches } = controlled(10);
    const result = group.submit(1);
    await turn();
    expect(batches.map(({ items }) => items)).toEqual([[1]]);
    batches[0]?.finish();
    await expect(result).resolves.toBe('done 1');
  });

  it('gathers what arrives while a batch runs, up to its bound, and answers each its own', async () => {
    const { group, batches } = controlled(2);
    const results = [group.submit(1)];
    await turn();
    results.push(group.submit(2), group.submit(3), group.submit(4));
    for (const expected of [[1], [2, 3], [4]]) {
      await turn();
      expect(batches.at(-1)?.items).toEqual(expected);
      batches.at(-1)?.finish();
    }
    await expect(Promise.all(results)).resolves.toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  it('rejects the items of a failing batch only', async () => {
    const { group, batches } = controlled(1);
    const first = group.submit(1);
    const second = group.submit(2);
    await turn();
    batches[0]?.fail(new Error('rolled back'));
    await expect(first).rejects.toThrow('rolled back');
    await turn();
    batches[1]?.finish();
    await expect(second).resolves.toBe('done 2');
  });

  it('rejects when a batch answers fewer results than items, and when it throws at once', async () => {
    const short = new GroupCommit<number, string>(() => Promise.resolve([]), { maxBatch: 5 });
    await expect(short.submit(1)).rejects.toThrow('answered with 0 results');
    const broken = new GroupCommit<number, string>(
      () => {
        throw new Error('at once');
      },
      { maxBatch: 5 },
    );
    await expect(broken.submit(1)).rejects.toThrow('at once');
    await expect(broken.submit(2)).rejects.toThrow('at once');
  });

  it('refuses more than may wait', async () => {
    const { group, batches } = controlled(1, 1);
    const first = group.submit(1);
    await turn();
    const second = group.submit(2);
    await expect(group.submit(3)).rejects.toBeInstanceOf(GroupFull);
    batches[0]?.finish();
    await first;
    await turn();
    batches[1]?.finish();
    await second;
  });

  it('drains: settles only when nothing waits or runs', async () => {
    const { group, batches } = controlled(1);
    await group.drain();
    let drained = false;
    const results = [group.submit(1), group.submit(2)];
    const draining = group.drain().then(() => (drained = true));
    await turn();
    batches[0]?.finish();
    await turn();
    expect(drained).toBe(false);
    batches[1]?.finish();
    await draining;
    await expect(Promise.all(results)).resolves.toEqual(['done 1', 'done 2']);
  });
});
