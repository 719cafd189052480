/** What is to be done when, first due first; equal times in the order they were asked for. A binary heap. */
export type Job = () => Promise<void> | void;

interface Timer {
  due: number;
  order: number;
  job: Job;
}

const before = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

export class TimerQueue {
  #heap: Timer[] = [];
  #added = 0;

  /** @param due point on the time line */
  add(due: number, job: Job): void {
    const timer = { due, order: (this.#added += 1), job };
    let i = this.#heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = this.#heap[parent];
      if (!above || before(above, timer)) break;
      this.#heap[i] = above;
      i = parent;
    }
    this.#heap[i] = timer;
  }

  /** When the next job is due; undefined when there is none. */
  get nextDue(): number | undefined {
    return this.#heap[0]?.due;
  }

  /** Takes everything due at or before this point out of the queue, in order. */
  takeUntil(line: number): Timer[] {
    const taken: Timer[] = [];
    for (let first = this.#heap[0]; first && first.due <= line; first = this.#heap[0]) {
      taken.push(first);
      this.#removeFirst();
    }
    return taken;
  }

  clear(): void {
    this.#heap = [];
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      const leftTimer = this.#heap[left];
      if (!leftTimer) break;
      const rightTimer = this.#heap[left + 1];
      const [child, timer] =
        rightTimer && before(rightTimer, leftTimer) ? [left + 1, rightTimer] : ([left, leftTimer] as const);
      if (before(last, timer)) break;
      this.#heap[i] = timer;
      i = child;
    }
    this.#heap[i] = last;
  }
}
