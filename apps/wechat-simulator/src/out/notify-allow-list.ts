/**
 * Which addresses notifications may go to. A request names its `notify_url`, and whoever can send requests must not
 * use this app to reach other machines.
 */

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * @param url as the merchant sent it
 * @param prefixes allowed addresses; the path must be the same or below. Empty: this machine only, any port.
 */
export function mayNotify(url: string, prefixes: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const target = new URL(url);
  if (!['http:', 'https:'].includes(target.protocol) || target.username !== '' || target.password !== '') return false;
  if (prefixes.length === 0) return LOOPBACK.has(target.hostname);
  return prefixes.some((prefix) => {
    const allowed = new URL(prefix);
    const below = allowed.pathname.endsWith('/') ? allowed.pathname : `${allowed.pathname}/`;
    const samePlace = target.origin === allowed.origin;
    return samePlace && (target.pathname === allowed.pathname || target.pathname.startsWith(below));
  });
}
