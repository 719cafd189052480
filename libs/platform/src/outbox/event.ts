import { EVENT_VERSION, type Event, type EventData, type EventType } from '#contract';

/**
 * An event of `type`, ready for the outbox. `id` is deterministic per business fact, e.g.
 * `payment.succeeded:<transactionId>`, so that a repeated fact is a repeated message and never a second one.
 */
export const event = <T extends EventType>(
  type: T,
  id: string,
  data: EventData<T>,
  at: Date = new Date(),
): Event<T> => ({
  id,
  type,
  version: EVENT_VERSION,
  time: at.toISOString(),
  data,
});
