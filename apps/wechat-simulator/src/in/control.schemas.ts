import { z } from 'zod';
import { noNotifyFaults } from '../domain/fault-plan.ts';
import type { ClockMove } from '../flow/keep-time.ts';

const YEAR_MS = 366 * 86_400_000;
const HOUR_MS = 3_600_000;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** One move per request. */
export const clockBody: z.ZodType<ClockMove> = z.union([
  z.strictObject({ advanceMs: z.int().min(0).max(YEAR_MS) }),
  z.strictObject({ setTo: instant }),
  z.strictObject({ freezeAt: instant }),
  z.strictObject({ reset: z.literal(true) }),
]);

const rate = z.number().min(0).max(1);

const endpointFault = z.strictObject({
  refuse: z.int().min(500).max(599).optional(),
  hangMs: z.int().min(0).max(HOUR_MS).optional(),
  answerAfterMs: z.int().min(0).max(HOUR_MS).optional(),
  dropAnswer: z.boolean().optional(),
  systemError: z.enum(['before', 'after']).optional(),
  wrongSign: z.boolean().optional(),
  times: z.int().min(1).optional(),
});

export const faultsBody = z.strictObject({
  notify: z
    .strictObject({
      dropRate: rate.default(noNotifyFaults.dropRate),
      duplicateRate: rate.default(noNotifyFaults.duplicateRate),
      delayMs: z.int().min(0).max(YEAR_MS).default(noNotifyFaults.delayMs),
      amountDelta: z.int().min(-9_999_999_999).max(9_999_999_999).default(noNotifyFaults.amountDelta),
      seed: z.int().default(noNotifyFaults.seed),
      off: z.boolean().default(noNotifyFaults.off),
    })
    .default(noNotifyFaults),
  endpoints: z
    .strictObject({
      unifiedorder: endpointFault.optional(),
      orderquery: endpointFault.optional(),
      closeorder: endpointFault.optional(),
    })
    .default({}),
});

/** No body at all is a plain payment of the ordered amount. */
export const payBody = z
  .strictObject({
    amountFen: z.int().min(1).max(9_999_999_999).optional(),
    outcome: z.enum(['pay', 'decline', 'fail', 'payerror']).default('pay'),
  })
  .nullish()
  .transform((body) => body ?? { amountFen: undefined, outcome: 'pay' as const });
