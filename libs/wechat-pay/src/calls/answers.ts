import { type Unknown, unknown } from '../wire/call-result.ts';
import { type Fields, readFen, readPartFen } from '../protocol/index.ts';

/** Something in a signed answer that cannot be believed. Caught by `reading`, never seen by callers. */
class Unreadable extends Error {}

/** An answer with doubts in it must not move money: the outcome is unknown then. */
export function doubt(why: string): never {
  throw new Unreadable(why);
}

/** Runs a reader; what it doubts becomes an unknown outcome. */
export function reading<T>(read: () => T): { readonly kind: 'ok'; readonly value: T } | Unknown {
  try {
    return { kind: 'ok', value: read() };
  } catch (error) {
    if (error instanceof Unreadable) return unknown(error.message);
    throw error;
  }
}

/** A field, or undefined when it is missing or empty: both mean the same on this wire. */
export function optional(fields: Readonly<Fields>, name: string): string | undefined {
  const value = fields[name];
  return value === '' ? undefined : value;
}

/** A field that must be there and pass. */
export function required(fields: Readonly<Fields>, name: string, passes: (value: string) => boolean): string {
  const value = optional(fields, name);
  if (value === undefined) return doubt(`answer without ${name}`);
  return passes(value) ? value : doubt(`answer with a malformed ${name}`);
}

/** Fen that must be there, at least 1. */
export function requiredFen(fields: Readonly<Fields>, name: string): number {
  return readFen(required(fields, name, () => true)) ?? doubt(`answer with a malformed ${name}`);
}

/** Fen that may be missing, and may be 0. */
export function optionalFen(fields: Readonly<Fields>, name: string): number | undefined {
  const value = optional(fields, name);
  return value === undefined ? undefined : (readPartFen(value) ?? doubt(`answer with a malformed ${name}`));
}

/** An amount of another currency must never be read as fen. */
export function onlyYuan(fields: Readonly<Fields>): void {
  const feeType = optional(fields, 'fee_type');
  if (feeType !== undefined && feeType !== 'CNY') doubt('answer in another currency');
}
