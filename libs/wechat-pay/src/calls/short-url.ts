import { InvalidRequest } from '../invalid-request.ts';
import { type Fields } from '../protocol/index.ts';
import { type CallResult, unknown } from '../wire/call-result.ts';
import { text } from './checks.ts';
import { isCodeUrl } from './code-url.ts';

/**
 * Checks a product URL that is to be shortened: `weixin://`, at most 512 bytes.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_9.
 * @throws InvalidRequest
 */
export function longUrlField(longUrl: string): string {
  const field = text('long_url', longUrl, 1, 512);
  if (!field.startsWith('weixin://')) throw new InvalidRequest('long_url', 'is not a weixin:// URL');
  return field;
}

/** Reads the accepted answer: a URL for a code that is easier to scan. */
export function shortUrl(fields: Readonly<Fields>): CallResult<{ readonly shortUrl: string }> {
  const { short_url: short = '' } = fields;
  return isCodeUrl(short)
    ? { kind: 'ok', value: { shortUrl: short } }
    : unknown('answer without a weixin:// short_url');
}
