import type { Check } from './broken.ts';

/** I11: the same key is the same order, to the letter; the same key with another basket is refused. */
export const keysHold: Check = ({ keys }) =>
  keys
    .filter(({ asPromised }) => !asPromised)
    .map(({ orderNo, what, seen }) => ({ invariant: 'I11', orderNo, what: `${what}: ${seen}` }));
