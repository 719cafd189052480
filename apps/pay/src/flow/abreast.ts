// Runs a step for many items, a bounded number at a time; one that fails stops no other. Used by requery and close.

/** Settles when all are done; `failed` hears of each error. */
export async function abreast<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  failed: (error: unknown, item: T) => void,
): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        failed(error, item);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
