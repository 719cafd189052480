/**
 * The certificates in the data folder: a CA of its own and the merchant's certificate, made at the first start and
 * kept; the server's certificate, made at every start for the names it is reached by. The merchant's files are called
 * as those that WeChat Pay gives out.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TlsIdentity } from '../flow/ports.ts';
import { writePkcs12 } from './pkcs12.ts';
import { makeCertificate } from './x509.ts';

const CA_NAME = 'WeChat Pay simulator CA';
const CA_DAYS = 3_650;
const CLIENT_DAYS = 1_825;
const SERVER_DAYS = 397;
/** Certificates are made anew when they would end within this. */
const SPARE_MS = 30 * 86_400_000;
const WECHAT_HOSTS = ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'];
const OWN_HOSTS = ['localhost', '127.0.0.1', '::1', 'simulator'];

interface Pair {
  certificate: string;
  privateKey: string;
}

/**
 * @param hosts further names under which the gateway is reached
 * @returns what the TLS server needs
 */
export async function openTlsFiles(folder: string, mchId: string, hosts: readonly string[]): Promise<TlsIdentity> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ca = (await readPair(folder, 'ca.pem', 'ca-key.pem', CA_NAME)) ?? (await makeCa(folder));
  const client = await readPair(folder, 'apiclient_cert.pem', 'apiclient_key.pem', mchId);
  if (!client || !new X509Certificate(client.certificate).verify(createPublicKey(ca.certificate))) {
    await makeClient(folder, mchId, ca);
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = [...new Set([...OWN_HOSTS, ...hosts, ...WECHAT_HOSTS])];
  const request = { commonName: 'localhost', publicKey, purpose: 'server', hosts: names, days: SERVER_DAYS } as const;
  const certificate = makeCertificate({ ...request, issuer: issuerOf(ca) });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return new TlsIdentity(ca.certificate, certificate, key, folder);
}

const issuerOf = (ca: Pair) => ({
  commonName: CA_NAME,
  privateKey: createPrivateKey(ca.privateKey),
  publicKey: createPublicKey(ca.certificate),
});

async function makeCa(folder: string): Promise<Pair> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { commonName: CA_NAME, privateKey, publicKey };
  const certificate = makeCertificate({ commonName: CA_NAME, publicKey, purpose: 'ca', days: CA_DAYS, issuer });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await write(folder, 'ca-key.pem', key);
  await write(folder, 'ca.pem', certificate);
  return { certificate, privateKey: key };
}

async function makeClient(folder: string, mchId: string, ca: Pair): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const request = { commonName: mchId, publicKey, purpose: 'client', days: CLIENT_DAYS } as const;
  const certificate = makeCertificate({ ...request, issuer: issuerOf(ca) });
  const pkcs12 = writePkcs12(privateKey, new X509Certificate(certificate), mchId, 'Tenpay Certificate');
  await write(folder, 'apiclient_cert.p12', pkcs12);
  await write(folder, 'apiclient_key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await write(folder, 'apiclient_cert.pem', certificate);
}

/** Both files, if they are there, belong together and will last. */
async function readPair(folder: string, cert: string, key: string, commonName: string): Promise<Pair | undefined> {
  try {
    const [certificate, privateKey] = await Promise.all([
      readFile(join(folder, cert), 'utf8'),
      readFile(join(folder, key), 'utf8'),
    ]);
    const read = new X509Certificate(certificate);
    const fits =
      read.subject.split('\n').includes(`CN=${commonName}`) && read.checkPrivateKey(createPrivateKey(privateKey));
    return fits && Date.parse(read.validTo) > Date.now() + SPARE_MS ? { certificate, privateKey } : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and for the owner only. */
async function write(folder: string, file: string, content: string | Buffer): Promise<void> {
  const path = join(folder, file);
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
