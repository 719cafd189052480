import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { InvalidRequest } from './invalid-request.ts';
import { type MerchantKeys } from './wire/judge.ts';

/** Checks the merchant's identity and key by their documented forms. @throws InvalidRequest without any value. */
export function checkMerchant({ appid, mchId, apiKey }: MerchantKeys): void {
  for (const [name, value] of Object.entries({ appid, mch_id: mchId, 'API key': apiKey }))
    if (typeof value !== 'string') throw new InvalidRequest(name, 'is not a text');
  if (!/^[0-9A-Za-z]{1,32}$/.test(appid)) throw new InvalidRequest('appid', 'is not 1 to 32 letters and digits');
  if (!/^[0-9]{1,32}$/.test(mchId)) throw new InvalidRequest('mch_id', 'is not 1 to 32 digits');
  if (!/^[0-9A-Za-z]{32}$/.test(apiKey)) throw new InvalidRequest('API key', 'is not 32 letters and digits');
}

// Hosts that may be spoken to without TLS: a simulator on this machine, or the one in the compose network, which has
// this name there.
const PLAIN_HOSTS = /^(?:localhost|simulator|\[::1\]|127(?:\.\d{1,3}){3})$/;

/**
 * A base URL, which must be https except for a simulator: answers are signed, but requests and answers are nobody
 * else's business, and an unsigned refusal is only as good as the connection.
 * @throws InvalidRequest
 */
export function checkedBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new InvalidRequest('base URL', 'is not a URL without query and login');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && PLAIN_HOSTS.test(url.hostname)))
    throw new InvalidRequest('base URL', 'must be https (http only for a simulator)');
  return url;
}

/** The merchant's certificate from the merchant console, as PKCS#12 or as PEM. */
export type MerchantCertificate =
  | {
      /** Content of `apiclient_cert.p12`. */
      readonly p12: Uint8Array;
      /** Default: the mch_id, with which WeChat Pay hands the file out. */
      readonly passphrase?: string | undefined;
    }
  | {
      /** Content of `apiclient_cert.pem`. */
      readonly cert: string | Uint8Array;
      /** Content of `apiclient_key.pem`. */
      readonly key: string | Uint8Array;
      readonly passphrase?: string | undefined;
    };

/**
 * Opens the certificate and the roots once, so that a file that cannot work stops the program at its start and not at
 * the first refund.
 * @param ca root to trust instead of Node's: PEM, for a simulator or a proxy of one's own.
 * @throws InvalidRequest
 */
export function secureContext(
  mchId: string,
  certificate?: MerchantCertificate,
  ca?: string | Uint8Array,
): SecureContext {
  const trusted = ca === undefined ? {} : { ca: openedRoot(ca) };
  if (certificate === undefined) return createSecureContext(trusted);
  try {
    if ('p12' in certificate) {
      const { p12, passphrase = mchId } = certificate;
      return createSecureContext({ ...trusted, pfx: Buffer.from(p12), passphrase });
    }
    const { cert, key, passphrase } = certificate;
    return createSecureContext({ ...trusted, cert: Buffer.from(cert), key: Buffer.from(key), passphrase });
  } catch (error) {
    throw new InvalidRequest('certificate', whyNotOpened(error));
  }
}

function openedRoot(ca: string | Uint8Array): Buffer {
  const pem = Buffer.from(ca);
  // OpenSSL takes a file without any certificate for an empty list of roots.
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new InvalidRequest('ca', 'has no PEM certificate');
  try {
    new X509Certificate(pem);
  } catch {
    throw new InvalidRequest('ca', 'is not a PEM certificate');
  }
  return pem;
}

function whyNotOpened(error: unknown): string {
  const text = String(error);
  if (/mac verify/i.test(text)) return 'does not open with its passphrase (for a p12 usually the mch_id)';
  // Older p12 files are encrypted with RC2, which OpenSSL 3 has no more.
  if (/unsupported/i.test(text)) return 'is encrypted in an outdated way: use the PEM files, or convert the p12';
  return 'cannot be read, or certificate and key do not belong together';
}
