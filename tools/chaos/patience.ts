/** How long people in a run wait, and when they try again. */

/** Longer than every promised answer. */
export const PATIENCE_MS = 20_000;
/** First and longest pause before the next try: a crowd that hammers would keep a server from coming back. */
const AGAIN_AFTER_MS = { first: 250, most: 3_000 };
/** Nobody stands in the shop for longer than this. */
export const STAYS_MS = 120_000;

/** @param tries how often it was tried already, from 1 */
export const againAfterMs = (tries: number): number =>
  Math.min(AGAIN_AFTER_MS.most, AGAIN_AFTER_MS.first * 1.5 ** (tries - 1));

/** It was refused for good, or time was up: the buyer leaves. */
export class Refused extends Error {}

/** Waits for several acts at once, any of which may be refused. @throws what else went wrong */
export async function unlessRefused(acts: readonly Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(acts))
    if (one.status === 'rejected' && !(one.reason instanceof Refused)) throw one.reason as Error;
}

/** No answer, or one that says "later". @param status 0 when the connection broke, undefined when time ran out */
export const mayComeLater = (status: number | undefined): boolean =>
  status === undefined || status === 0 || status >= 500 || status === 429;

export const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
