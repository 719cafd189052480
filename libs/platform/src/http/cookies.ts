import type { FastifyRequest } from 'fastify';

/** Value of one cookie of a request, percent-decoded; `undefined` if absent or not decodable. */
export function readCookie(request: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    try {
      return decodeURIComponent(
        pair
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      );
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** A cookie that no script reads and no foreign site sends along with a POST. `secure` when the app is on HTTPS. */
export const hardCookie = (
  name: string,
  value: string,
  { maxAgeSeconds, path, secure }: { maxAgeSeconds: number; path: string; secure: boolean },
): string =>
  `${name}=${encodeURIComponent(value)}; Path=${path}; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; SameSite=Lax` +
  (secure ? '; Secure' : '');
