import { isDuplicate } from '#platform';

/** Something changed between reading and writing, or a unique key was taken: nothing of the transaction may stand. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/**
 * Handles all items in one transaction; if they conflict, each in its own, so that one odd item cannot hold up the rest.
 * An item that conflicts alone is tried once more, because the second look sees what it collided with.
 * @param run one transaction; answers one result per item, in order
 * @throws whatever `run` throws besides a conflict; items handled before it stand
 */
export async function togetherOrSingly<In, Out>(
  items: readonly In[],
  run: (items: readonly In[]) => Promise<Out[]>,
): Promise<Out[]> {
  if (items.length === 0) return [];
  try {
    return await run(items);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const results: Out[] = [];
  for (const item of items) results.push(...(await singly(item, run)));
  return results;
}

async function singly<In, Out>(item: In, run: (items: readonly In[]) => Promise<Out[]>): Promise<Out[]> {
  try {
    return await run([item]);
  } catch (error) {
    if (!isConflict(error)) throw error;
    return run([item]);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Conflict || isDuplicate(error);
}
