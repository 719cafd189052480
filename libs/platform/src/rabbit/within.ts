/** Thrown by {@link within}. */
export class Late extends Error {
  constructor(what: string, ms: number) {
    super(`${what} within ${ms} ms`);
    this.name = 'Late';
  }
}

/**
 * Waits for `promise`, but not longer than `ms`; the work itself goes on, its result is ignored then.
 * @throws Late
 */
export const within = async <T>(promise: Promise<T>, ms: number, what = 'no answer'): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(what, ms)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
