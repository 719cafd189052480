/**
 * Delays between tries: doubling from `firstMs` to `mostMs`, each shortened by up to a quarter at random so that many
 * clients do not come back in the same instant.
 */
export class Backoff {
  private tries = 0;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Delay before the next try, in milliseconds. */
  nextMs(): number {
    const full = Math.min(this.firstMs * 2 ** Math.min(this.tries, 30), this.mostMs);
    this.tries += 1;
    return Math.max(this.firstMs, Math.round(full * (1 - 0.25 * this.random())));
  }

  reset(): void {
    this.tries = 0;
  }
}
