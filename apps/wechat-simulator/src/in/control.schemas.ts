import { z } from 'zod';
import { badDay, endpointNames, forgeries, noNotifyFaults, wrongAnswers, wrongIdentities } from '../domain/faults.ts';
import type { ClockMove } from '../flow/keep-time.ts';

const YEAR_MS = 366 * 86_400_000;
const HOUR_MS = 3_600_000;
const MAX_FEN = 9_999_999_999;
const ADDRESS = z.url({ protocol: /^https?$/, error: 'is not an http(s) address' });

const EARLIEST = Date.parse('2000-01-01T00:00:00Z');
const LATEST = Date.parse('2999-12-31T23:59:59Z');

/** Years that the messages of WeChat Pay can carry, with room for moving ahead. */
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((at) => at >= EARLIEST && at <= LATEST, 'is not between the years 2000 and 2999')
  .meta({ type: 'string', format: 'date-time' });

/** One move per request. */
export const clockBody: z.ZodType<ClockMove> = z.union([
  z.strictObject({ advanceMs: z.int().min(0).max(YEAR_MS) }),
  z.strictObject({ setTo: instant }),
  z.strictObject({ freezeAt: instant }),
  z.strictObject({ reset: z.literal(true) }),
]);

const rate = z.number().min(0).max(1);
const waitMs = z.int().min(0).max(HOUR_MS);

const endpointFault = z.strictObject({
  cut: z.boolean().optional(),
  refuse: z.int().min(500).max(599).optional(),
  hangMs: waitMs.optional(),
  answerAfterMs: waitMs.optional(),
  dropAnswer: z.boolean().optional(),
  systemError: z.enum(['before', 'after']).optional(),
  error: z
    .string()
    .regex(/^[A-Z0-9_]{1,32}$/, 'is not an err_code')
    .optional(),
  returnFail: z.string().min(1).max(128).optional(),
  answer: z.enum(wrongAnswers).optional(),
  status: z.int().min(200).max(599).optional(),
  unknownField: z.boolean().optional(),
  times: z.int().min(1).optional(),
});
const oauthFault = endpointFault
  .pick({ cut: true, refuse: true, hangMs: true, answerAfterMs: true, dropAnswer: true, times: true })
  .extend({ errcode: z.int().min(-1).max(99_999).optional(), answer: z.enum(wrongIdentities).optional() });
const endpointFaults = Object.fromEntries(
  endpointNames.map((name) => [name, endpointFault.optional()] as const),
) as Record<(typeof endpointNames)[number], z.ZodOptional<typeof endpointFault>>;

const shown = z.enum(['usual', 'always', 'never']);
const notify = {
  dropRate: rate,
  duplicateRate: rate,
  delayMs: z.int().min(0).max(YEAR_MS),
  jitterMs: z.int().min(0).max(YEAR_MS),
  slowMs: waitMs,
  amountDelta: z.int().min(-MAX_FEN).max(MAX_FEN),
  forgeRate: rate,
  forgery: z.enum(forgeries),
  signType: shown,
  unknownFields: shown,
  emptyFields: shown,
  seed: z.int(),
  off: z.boolean(),
};
const anyNotify = z.strictObject(notify).partial();

export const faultsBody = z.strictObject({
  notify: anyNotify.default({}).transform((given) => ({ ...noNotifyFaults, ...given })),
  endpoints: z.strictObject(endpointFaults).default({}),
  orders: z
    .record(
      z.string().min(1).max(32),
      z.strictObject({ ...endpointFaults, notify: anyNotify.omit({ seed: true }).optional() }),
    )
    .default({}),
  random: z
    .strictObject({
      seed: z.int(),
      share: rate,
      endpoints: z.array(z.enum(endpointNames)).optional(),
      choose: z
        .array(endpointFault.omit({ times: true }))
        .min(1)
        .default(badDay),
    })
    .optional(),
  oauth: oauthFault.optional(),
});

export const rulesBody = z
  .strictObject({
    minExpireMs: z.int().min(0).max(HOUR_MS),
    closeAfterMs: z.int().min(0).max(HOUR_MS),
    notifySchedule: z.enum(['current', 'legacy']),
    refundAfterMs: z.int().min(0).max(YEAR_MS),
    refundEndsAs: z.enum(['SUCCESS', 'REFUNDCLOSE', 'CHANGE']),
    refundNotifyUrl: ADDRESS.or(z.literal('')),
    scanUrl: ADDRESS.or(z.literal('')),
    oauthOpenid: z.string().regex(/^[0-9A-Za-z_-]{0,128}$/, 'is not an openid'),
  })
  .partial();

/** Paid with by the user; together less than the price. */
const coupon = z.strictObject({ type: z.enum(['CASH', 'NO_CASH']), feeFen: z.int().min(1).max(MAX_FEN) });

export const outcome = z.enum(['pay', 'decline', 'notenough', 'leave', 'fail', 'payerror']);

/** No body at all is a plain payment of the ordered amount. */
export const payBody = z
  .strictObject({
    amountFen: z.int().min(1).max(MAX_FEN).optional(),
    outcome: outcome.default('pay'),
    coupons: z.array(coupon).min(1).max(20).optional(),
    openid: z.string().min(1).max(128).optional(),
    /** The money was on its way when the order was closed, and is taken all the same. */
    althoughClosed: z
      .boolean()
      .optional()
      .meta({ description: 'take the money of a closed order too: it was on its way when the order was closed' }),
  })
  .nullish()
  .transform(
    (body) =>
      body ?? {
        outcome: 'pay' as const,
        amountFen: undefined,
        coupons: undefined,
        openid: undefined,
        althoughClosed: undefined,
      },
  );

export const endRefundBody = z.strictObject({ status: z.enum(['SUCCESS', 'REFUNDCLOSE', 'CHANGE']) });
export const scanBody = z.strictObject({ code: z.string().trim().min(1).max(1_024) });
