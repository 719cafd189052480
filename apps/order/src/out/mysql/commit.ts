import { type DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { type Outbox, transact, type RecordedRow } from '#platform';

/** One transaction with the events that tell of it, which are published straight after the commit. */
export async function commit<T>(
  dataSource: DataSource,
  outbox: Outbox,
  work: (em: EntityManager) => Promise<{ result: T; events: Event[] }>,
): Promise<T> {
  const { result, recorded } = await transact(dataSource, async (em) => {
    const { result, events } = await work(em);
    const recorded: RecordedRow[] = events.length > 0 ? await outbox.record(em, events) : [];
    return { result, recorded };
  });
  if (recorded.length > 0) outbox.publish(recorded);
  return result;
}
