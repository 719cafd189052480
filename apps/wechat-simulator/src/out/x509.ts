/** Makes X.509 v3 certificates (RFC 5280), signed with a P-256 key. */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, boolean, explicit, implicit, integer, octets, oid, pem, sequence, set, time, utf8 } from './der.ts';

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const SUBJECT_ALT_NAME = '2.5.29.17';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SUBJECT_KEY_ID = '2.5.29.14';
const AUTHORITY_KEY_ID = '2.5.29.35';
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

const DAY_MS = 86_400_000;

export interface CertificateRequest {
  commonName: string;
  publicKey: KeyObject;
  /** A certificate of a CA has no purpose of its own. */
  purpose: 'ca' | keyof typeof PURPOSES;
  /** DNS names and IP addresses of a server. */
  hosts?: readonly string[];
  days: number;
  issuer: { commonName: string; privateKey: KeyObject; publicKey: KeyObject };
}

/** @returns PEM */
export function makeCertificate(request: CertificateRequest, now = new Date()): string {
  const { commonName, publicKey, issuer, days, purpose, hosts = [] } = request;
  const isCa = purpose === 'ca';
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(...(isCa ? [boolean(true)] : [])), true),
    // keyCertSign and cRLSign, or digitalSignature and keyEncipherment
    extension(KEY_USAGE, isCa ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0xa0]), 5), true),
    extension(SUBJECT_KEY_ID, octets(keyId(publicKey))),
    extension(AUTHORITY_KEY_ID, sequence(implicit(0, keyId(issuer.publicKey)))),
    ...(isCa ? [] : [extension(EXTENDED_KEY_USAGE, sequence(oid(PURPOSES[purpose])))]),
    ...(hosts.length > 0 ? [extension(SUBJECT_ALT_NAME, sequence(...hosts.map(hostName)))] : []),
  ];
  const content = sequence(
    explicit(0, integer(2)),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name(issuer.commonName),
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + days * DAY_MS))),
    name(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  return pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, issuer.privateKey))));
}

const name = (commonName: string): Buffer =>
  sequence(
    set(sequence(oid(ORGANIZATION), utf8('WeChat Pay simulator'))),
    set(sequence(oid(COMMON_NAME), utf8(commonName))),
  );

const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));

const keyId = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();

const hostName = (host: string): Buffer => {
  switch (isIP(host)) {
    case 4:
      return implicit(7, Buffer.from(host.split('.').map(Number)));
    case 6:
      return implicit(7, ipv6(host));
    default:
      return implicit(2, Buffer.from(host));
  }
};

const ipv6 = (address: string): Buffer => {
  const [head = [], tail = []] = address.split('::', 2).map((part) => part.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
};
