import { counter, gauge } from '../metrics/metrics.ts';

export const publishFailures = counter('paypair_publish_failures_total', 'Messages not confirmed by the broker', [
  'reason',
]);
/** 0 for a queue that should be read is an alarm: messages wait and nobody comes. */
export const consumers = gauge('paypair_consumers', 'Consumers this process has on a queue', ['queue']);
export const handling = gauge('paypair_messages_handling', 'Messages delivered and not yet acknowledged', ['queue']);
export const handled = counter('paypair_messages_handled_total', 'Messages handled, by outcome', [
  'queue',
  'type',
  'outcome',
]);
export const pauses = counter('paypair_consumer_pauses_total', 'Pauses because something all messages need was away', [
  'queue',
]);
export const outboxRows = gauge('paypair_outbox_rows', 'Outbox rows not confirmed yet', []);
export const outboxOldest = gauge('paypair_outbox_oldest_seconds', 'Age of the oldest outbox row', []);
