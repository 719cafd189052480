import type { Check } from './broken.ts';

/** I13: no secret was printed anywhere. */
export const nothingLeaks: Check = ({ leaks }) => leaks.map((leak) => ({ invariant: 'I13', what: leak }));
