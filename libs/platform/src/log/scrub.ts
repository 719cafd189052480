import { isNativeError } from 'node:util/types';

/** What may never reach a log line, by the name of the member that holds it. */
const secretKeys = new Set(
  [
    'authorization',
    'cookie',
    'set-cookie',
    'sign',
    'paySign',
    'key',
    'apiKey',
    'secret',
    'password',
    'passphrase',
    'token',
    'access_token',
    'req_info',
    'x-pay-token',
    'x-control-token',
  ].map((name) => name.toLowerCase()),
);
const personalKeys = new Set(['openid', 'sub_openid', 'sub']);
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;

/** Credentials inside an address (`mysql://user:password@…`) and bearer tokens inside a text. */
export const scrubText = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1***@')
    .replace(/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1***')
    .replace(/<(sign|openid)>.*?<\/\1>/gis, '<$1>***</$1>');

/** Enough of an openid to follow one buyer through a log, too little to be one. */
export const shorten = (text: string): string => (text.length <= 8 ? '***' : `${text.slice(0, 3)}…${text.slice(-3)}`);

/** A copy of a value that is safe to log: secrets masked by name, openids shortened, texts scrubbed, depth bounded. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (isNativeError(value)) return scrubError(value, depth);
  if (Buffer.isBuffer(value)) return `<${value.length} bytes>`;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => scrub(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = scrubMember(name, member, depth);
  return copy;
}

function scrubMember(name: string, member: unknown, depth: number): unknown {
  const lower = name.toLowerCase();
  if (member === undefined || member === null) return member;
  if (secretKeys.has(lower)) return '***';
  if (personalKeys.has(lower) && typeof member === 'string') return shorten(member);
  return scrub(member, depth + 1);
}

/** An error's own words only: a failed query also carries its SQL and its parameters, which hold people's data. */
export function scrubError(error: Error, depth = 0): Record<string, unknown> {
  const { code, errno, status, reason } = error as Error & Record<'code' | 'errno' | 'status' | 'reason', unknown>;
  return {
    type: error.name,
    message: scrubText(error.message),
    ...(typeof code === 'string' && { code }),
    ...(typeof errno === 'number' && { errno }),
    ...(typeof status === 'number' && { status }),
    ...(typeof reason === 'string' && { reason: scrubText(reason) }),
    ...(error.stack !== undefined && { stack: scrubText(error.stack) }),
    ...(isNativeError(error.cause) && depth < MAX_DEPTH && { cause: scrubError(error.cause, depth + 1) }),
  };
}
