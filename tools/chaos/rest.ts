/** When a shop has come to rest: nobody waits, nothing is unsent, no queue holds anything, both apps say the same. */
import type { Archive } from './archive.ts';
import type { Books } from './evidence.ts';
import { heardAs } from './invariants/nothing-unheard.ts';

const LOOK_EVERY_MS = 500;
/** Quiet several times in a row, so that nothing was just on its way between two places. */
const QUIET_LOOKS = 3;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nothing moves any more. @param until time of day in ms @returns what still did when time was up */
export async function rest(archive: Archive, until: number): Promise<string[]> {
  let restless: string[] = [];
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    restless = await movement(archive).catch((error: unknown) => [`could not look: ${String(error)}`]);
    quiet = restless.length === 0 ? quiet + 1 : 0;
    if (quiet < QUIET_LOOKS && Date.now() > until)
      return restless.length > 0 ? restless : ['it was never quiet for long'];
    if (quiet < QUIET_LOOKS) await pause(LOOK_EVERY_MS);
  }
  return [];
}

async function movement(archive: Archive): Promise<string[]> {
  const books = await archive.books();
  const queues = (await archive.queues()).filter(({ messages }) => messages !== 0);
  const waiting = books.orders.filter(({ status }) => status === 'WAIT_PAY' || status === 'CLOSING');
  return [
    ...(waiting.length > 0 ? [`${waiting.length} orders wait`] : []),
    ...(books.outbox.length > 0 ? [`${books.outbox.length} messages are unsent`] : []),
    ...refunding(books),
    ...queues.map(({ name, messages }) => `${name} holds ${messages ?? 'nothing, it is missing'}`),
    ...unheard(books),
  ];
}

/** Refunds that have not ended, or whose end one side has not heard of. */
function refunding({ refundRequests, refunds }: Books): string[] {
  const ends = new Map(refunds.map(({ outRefundNo, state }) => [outRefundNo, state]));
  const open = refundRequests.filter(
    ({ outRefundNo, state }) => state === 'REQUESTED' || ends.get(outRefundNo) !== state,
  );
  return open.length > 0 ? [`${open.length} refunds are under way`] : [];
}

/** Ends of orders that `pay` does not know yet. */
function unheard({ orders, payables }: Books): string[] {
  const known = new Map(payables.map(({ orderNo, orderStatus }) => [orderNo, orderStatus]));
  const open = orders.filter(({ orderNo, status }) => known.has(orderNo) && known.get(orderNo) !== heardAs(status));
  return open.length > 0 ? [`pay has not heard how ${open.length} orders ended`] : [];
}
