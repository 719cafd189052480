/**
 * Natural batching: what arrives while a batch runs becomes the next batch, so one commit serves as many callers as
 * came in meanwhile, and a single caller never waits for company. Items submitted in the same turn of the event loop go
 * together.
 */
export class GroupCommit<In, Out> {
  private waiting: Waiting<In, Out>[] = [];
  private running: Promise<void> | undefined;

  /**
   * @param run handles a batch in one go; answers one result per item, in order. If it throws, all of its items reject.
   * @param options.maxBatch most items in one call of `run`
   * @param options.maxWaiting most items waiting; one more rejects with {@link GroupFull}
   */
  constructor(
    private readonly run: (items: In[]) => Promise<readonly Out[]>,
    private readonly options: { maxBatch: number; maxWaiting?: number },
  ) {}

  /** Adds an item to the next batch; settles with its own result. */
  submit(item: In): Promise<Out> {
    if (this.waiting.length >= (this.options.maxWaiting ?? Infinity)) return Promise.reject(new GroupFull());
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.running ??= this.flush();
    });
  }

  /** Settles when nothing waits and nothing runs. */
  async drain(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.runBatch(this.waiting.splice(0, this.options.maxBatch));
    this.running = undefined;
  }

  private async runBatch(batch: Waiting<In, Out>[]): Promise<void> {
    try {
      const results = await this.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) {
        throw new Error(`a batch of ${batch.length} items was answered with ${results.length} results`);
      }
      batch.forEach(({ resolve }, i) => resolve(results[i] as Out));
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    }
  }
}

interface Waiting<In, Out> {
  item: In;
  resolve: (result: Out) => void;
  reject: (error: unknown) => void;
}

/** More items wait than the process may hold: answer 503 and let the caller come again. */
export class GroupFull extends Error {
  override readonly name = 'GroupFull';

  constructor() {
    super('too many items wait for the next batch');
  }
}
