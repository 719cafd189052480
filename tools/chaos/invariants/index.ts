/** All promises, each in a file of its own. The simulator's ledger is the judge of what was really paid. */
import type { Evidence } from '../evidence.ts';
import { answersInTime } from './answers-in-time.ts';
import { atRest } from './at-rest.ts';
import type { Broken, Check } from './broken.ts';
import { endsAreFinal } from './ends-are-final.ts';
import { everybodyReturns } from './everybody-returns.ts';
import { keysHold } from './keys-hold.ts';
import { moneyIsExplained } from './money-is-explained.ts';
import { nothingLeaks } from './nothing-leaks.ts';
import { nothingUnheard } from './nothing-unheard.ts';
import { paidOnce } from './paid-once.ts';
import { paidWithProof } from './paid-with-proof.ts';
import { pointsOnce } from './points-once.ts';
import { refundsFit } from './refunds-fit.ts';
import { stockAddsUp } from './stock-adds-up.ts';
import { successIsStored } from './success-is-stored.ts';
import { sumsAgree } from './sums-agree.ts';

const CHECKS = {
  I1: moneyIsExplained,
  I2: paidOnce,
  I3: stockAddsUp,
  I4: pointsOnce,
  I5: sumsAgree,
  I6: successIsStored,
  I7: paidWithProof,
  I8: endsAreFinal,
  I9: refundsFit,
  I10: atRest,
  I11: keysHold,
  I12: nothingUnheard,
  I13: nothingLeaks,
  I14: everybodyReturns,
  I15: answersInTime,
} as const satisfies Record<string, Check>;

/** Names of what is checked, for the report. */
export const CHECKED: readonly string[] = Object.keys(CHECKS);

/** Everything that does not hold. */
export const check = (evidence: Evidence): Broken[] => Object.values(CHECKS).flatMap((one) => one(evidence));
