import type { EndpointName } from './faults.ts';

/** How often one call named one number, and how many of those ran at the same time. */
export interface CallCount {
  endpoint: EndpointName;
  number: string;
  count: number;
  mostAtOnce: number;
}

/** Counts the merchant's calls: whether he asks without end, or lets two processes do the same work. */
export class CallCounts {
  readonly #counts = new Map<string, CallCount & { underWay: number }>();

  /** A call has come. @returns tells that it is over, however often it is called */
  begin(endpoint: EndpointName, number: string): () => void {
    const key = `${endpoint} ${number}`;
    const known = this.#counts.get(key) ?? { endpoint, number, count: 0, mostAtOnce: 0, underWay: 0 };
    this.#counts.set(key, known);
    known.count += 1;
    known.underWay += 1;
    known.mostAtOnce = Math.max(known.mostAtOnce, known.underWay);
    let over = false;
    return () => {
      if (!over) known.underWay -= 1;
      over = true;
    };
  }

  /** All counts, in the order of each number's first call. */
  list(): CallCount[] {
    return [...this.#counts.values()].map(({ endpoint, number, count, mostAtOnce }) => ({
      ...{ endpoint, number, count, mostAtOnce },
    }));
  }

  clear(): void {
    this.#counts.clear();
  }
}
