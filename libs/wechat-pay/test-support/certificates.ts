import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A root, a server's certificate for 127.0.0.1 and a merchant's one, made anew for each run and never kept. */
export interface Certificates {
  readonly ca: Buffer;
  readonly server: { readonly cert: Buffer; readonly key: Buffer };
  readonly merchant: { readonly cert: Buffer; readonly key: Buffer };
  /** The merchant's certificate and key as WeChat Pay hands them out, opened by `passphrase`. */
  readonly p12: Buffer;
}

export function makeCertificates(passphrase: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'wechat-pay-certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name));
  const issue = (name: string, extension: string) => {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  try {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=test root',
    );
    const server = issue('server', 'subjectAltName=IP:127.0.0.1');
    const merchant = issue('merchant', 'extendedKeyUsage=clientAuth');
    openssl(
      'pkcs12',
      '-export',
      '-in',
      'merchant.pem',
      '-inkey',
      'merchant.key',
      '-out',
      'merchant.p12',
      '-passout',
      `pass:${passphrase}`,
    );
    return { ca: read('ca.pem'), server, merchant, p12: read('merchant.p12') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
