/**
 * What a handler says about each message of its batch. `done`: acknowledged. `retry`: this message cannot be handled
 * yet; it comes back after a delay, a bounded number of times. `park`: it never can; kept aside with the reason.
 */
export type Outcome = 'done' | { retry: string } | { park: string };

export const done: Outcome = 'done';
export const retry = (reason: string): Outcome => ({ retry: reason });
export const park = (reason: string): Outcome => ({ park: reason });

/** Whether a handler's answer is one outcome per message; anything else is a programming error of the handler. */
export const areOutcomes = (answer: unknown, count: number): answer is Outcome[] =>
  Array.isArray(answer) && answer.length === count && answer.every(isOutcome);

const isOutcome = (answer: unknown): answer is Outcome => {
  if (answer === 'done') return true;
  if (typeof answer !== 'object' || answer === null) return false;
  if ('retry' in answer) return typeof answer.retry === 'string';
  return 'park' in answer && typeof answer.park === 'string';
};
