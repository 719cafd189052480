import { z } from 'zod';

/** The id of a row, as text: it may be larger than a number of JSON can be. */
export const rowId = z.string().regex(/^[1-9][0-9]{0,18}$/, 'is not the id of a row');

/** One line that a person writes, at most `max` characters. */
export const plainText = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');
