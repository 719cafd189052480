/** Bytes WeChat takes for `body`; the limit counts bytes of UTF-8, not characters. */
const BODY_BYTES = 127;

/**
 * The order's title as WeChat will show it: 4-byte characters (its XML knows none) and control characters replaced, cut
 * to 127 bytes on a character border (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1). Never empty.
 */
export function wechatBody(title: string): string {
  let body = '';
  let bytes = 0;
  for (const character of title) {
    const safe = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(character) || character.length > 1 ? '?' : character;
    bytes += utf8Bytes(safe);
    if (bytes > BODY_BYTES) break;
    body += safe;
  }
  return body.trim() || '-';
}

const utf8Bytes = (character: string): number => {
  const code = character.charCodeAt(0);
  if (code < 0x80) return 1;
  return code < 0x800 ? 2 : 3;
};
