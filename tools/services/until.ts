const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks `probe` again and again until it answers something truthy, and returns that.
 * A probe that throws counts as "not yet"; its last error is named when time is up.
 * @param what completes the sentence "gave up waiting until …"
 * @throws Error after `withinMs`
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  withinMs = 10_000,
  everyMs = 50,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + withinMs;
  let last = '';
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer as Exclude<T, undefined | null | false | 0 | ''>;
      last = '';
    } catch (error) {
      last = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what} (${withinMs} ms)${last}`);
    await pause(everyMs);
  }
}
