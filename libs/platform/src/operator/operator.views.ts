/** What the operator's routes of every app answer, as schemas of the OpenAPI document. */
import { z } from 'zod';
import { dateTime } from '../http/documented.ts';

const id = z.string();
const page = <T extends z.ZodType>(row: T) =>
  z.strictObject({ rows: z.array(row), next: id.nullable().describe('the cursor of the following page') });

/** The columns of each app stand beside these. */
export const anomalyView = z.looseObject({
  kind: z.string(),
  state: z.enum(['OPEN', 'DONE']),
  orderNo: z.string().nullable(),
  transactionId: z.string(),
  closedAt: dateTime.nullable(),
  closedBy: z.string().nullable().describe('null when it closed by itself'),
  note: z.string().nullable(),
  happened: z.string(),
  done: z.string(),
  open: z.string(),
  whatToDo: z.string(),
  closableByHand: z.boolean(),
});
export const anomaliesView = page(anomalyView);

export const parkedView = page(
  z.strictObject({
    id,
    messageId: z.string(),
    queue: z.string().describe('the inbox it was for'),
    type: z.string(),
    body: z.string().nullable(),
    reason: z.string(),
    times: z.int(),
    firstParkedAt: dateTime,
    parkedAt: dateTime,
  }),
);

export const outboxView = page(
  z.strictObject({
    id,
    messageId: z.string(),
    type: z.string(),
    body: z.string().describe('JSON'),
    required: z.int().describe('1: somebody must receive it'),
    createdAt: dateTime,
    lockedBy: z.string(),
    lockedUntil: dateTime.describe('when it is due again'),
    attempts: z.int(),
    lastError: z.string(),
  }),
);

export const auditView = page(
  z.strictObject({
    id,
    at: dateTime,
    actor: z.string().describe('`sub` of the token'),
    action: z.string(),
    subject: z.string().describe('the number of what was acted on'),
    stateBefore: z.string().describe('JSON'),
    stateAfter: z.string().describe('JSON'),
  }),
);
