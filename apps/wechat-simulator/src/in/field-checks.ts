/** What the field checks of all endpoints share: presence, length in bytes, form. */
import { type Fields, fromBeijingTime } from '#wechat-pay/protocol';
import { refuse, type Refusal } from './envelope.ts';
import { refusals, tooLong } from './texts.ts';

export type Read<T> = { kind: 'read'; request: T } | Refusal;

export const text = (fields: Fields, name: string): string => fields[name] ?? '';

/** Absent for an empty element too. */
export const optional = (fields: Fields, name: string): string | undefined =>
  text(fields, name) === '' ? undefined : fields[name];

export function checkAll(
  fields: Fields,
  required: readonly string[],
  limits: Readonly<Record<string, number>>,
): Refusal | undefined {
  const missing = required.find((name) => text(fields, name).trim() === '');
  if (missing !== undefined) return refuse(refusals.missing, missing);
  for (const [name, limit] of Object.entries(limits)) {
    if (Buffer.byteLength(text(fields, name)) > limit) return refuse(tooLong(name));
  }
  return undefined;
}

/** A full address that needs no login and has no query. */
export function isNotifyUrl(url: string): boolean {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return false;
  return !/[?#\s]/.test(url) && new URL(url).username === '';
}

export function readTime(time: string | undefined): number | 'malformed' | undefined {
  if (time === undefined || time === '') return undefined;
  try {
    return fromBeijingTime(time).getTime();
  } catch {
    return 'malformed';
  }
}
