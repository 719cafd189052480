/**
 * Everything the steps need from outside, by the step. The abstract classes are Nest tokens; the adapters are in
 * `out/`. Amounts in fen, times UTC. A port that writes has committed when it answers, and the events it recorded are
 * on their way: no transaction travels through the steps.
 */
export * from './ports/place.ts';
export * from './ports/settle.ts';
export * from './ports/refund.ts';
export * from './ports/review.ts';
export * from './ports/read.ts';
