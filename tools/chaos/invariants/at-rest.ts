import type { Check } from './broken.ts';

/** So much more than after the warm-up may a process hold in the end; see docs/reliability.md for how it is measured. */
const MEMORY_GROWS_TO = 1.3;

/** I10: everything has come to rest, nothing was done without end, and nobody keeps what he does not need. */
export const atRest: Check = (evidence) => [...resting(evidence), ...bounded(evidence), ...slim(evidence)];

const resting: Check = ({ orders, outbox, queues, overdue, restless, refundRequests, refunds }) => [
  ...orders
    .filter(({ status }) => status === 'WAIT_PAY' || status === 'CLOSING')
    .map(({ orderNo, status }) => ({ invariant: 'I10', orderNo, what: `is still ${status}` })),
  ...refundRequests
    .filter(({ state }) => state === 'REQUESTED')
    .map(({ orderNo, outRefundNo }) => ({ invariant: 'I10', orderNo, what: `refund ${outRefundNo} has not ended` })),
  ...refunds
    .filter(({ state }) => state === 'REQUESTED' || state === 'PROCESSING')
    .map(({ orderNo, outRefundNo, state, lastError }) => ({
      invariant: 'I10',
      orderNo,
      what: `refund ${outRefundNo} is ${state} in pay (${lastError})`,
    })),
  ...outbox.map(({ app, messageId, attempts, lastError }) => ({
    invariant: 'I10',
    what: `outbox of ${app} still holds ${messageId} (${attempts} tries, ${lastError})`,
  })),
  ...queues
    .filter(({ messages }) => messages !== 0)
    .map(({ name, messages }) => ({ invariant: 'I10', what: `queue ${name}: ${messages ?? 'not there'}` })),
  ...(overdue.length > 0 ? [{ invariant: 'I10', what: `${overdue.length} orders are overdue in Redis` }] : []),
  ...(restless.length > 0 ? [{ invariant: 'I10', what: `did not come to rest: ${restless.join('; ')}` }] : []),
];

const bounded: Check = ({ copies, mostCopies, deliveries, mostDeliveries, wechatCalls, mostAtOnce }) => [
  ...[...copies]
    .filter(([, count]) => count > mostCopies)
    .map(([id, count]) => ({
      invariant: 'I10',
      what: `${id} was published ${count} times, at most ${mostCopies} expected`,
    })),
  ...[...deliveries]
    .filter(([, count]) => count > mostDeliveries)
    .map(([id, count]) => ({
      invariant: 'I10',
      what: `${id} was delivered ${count} times, at most ${mostDeliveries} expected`,
    })),
  ...wechatCalls
    .filter(({ endpoint, mostAtOnce: atOnce }) => atOnce > (mostAtOnce[endpoint] ?? Infinity))
    .map(({ endpoint, number, mostAtOnce: atOnce }) => ({
      invariant: 'I10',
      orderNo: number,
      what: `${endpoint} of ${number} was called ${atOnce} times at once`,
    })),
];

const slim: Check = ({ memory }) =>
  memory
    .filter(({ before, after }) => after > before * MEMORY_GROWS_TO)
    .map(({ process, before, after }) => ({
      invariant: 'I10',
      what: `${process} holds ${inMib(after)} MiB, ${inMib(before)} after the warm-up`,
    }));

const inMib = (bytes: number): number => Math.round(bytes / 1024 / 1024);
