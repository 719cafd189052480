/** How long people in a run wait, and when they try again. */

/** Longer than every promised answer. */
export const PATIENCE_MS = 20_000;
export const AGAIN_AFTER_MS = 250;

/** It was refused for good, or time was up: the buyer leaves. */
export class Refused extends Error {}

/** No answer, or one that says "later". @param status 0 when the connection broke, undefined when time ran out */
export const mayComeLater = (status: number | undefined): boolean =>
  status === undefined || status === 0 || status >= 500 || status === 429;

export const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
