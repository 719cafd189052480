/**
 * Writes a key and its certificate as PKCS#12 (RFC 7292), in the form that today's OpenSSL writes: PBES2 with
 * AES-256-CBC, and a MAC with SHA-256. WeChat Pay gives merchants `apiclient_cert.p12`; its password is their number.
 */
import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes, type X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { bmp, explicit, implicit, integer, nothing, octets, oid, sequence, set } from './der.ts';

const ITERATIONS = 2_048;
const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

export function writePkcs12(key: KeyObject, certificate: X509Certificate, password: string, label: string): Buffer {
  const id = createHash('sha1').update(certificate.raw).digest();
  const attributes = set(
    sequence(oid(OID.friendlyName), set(bmp(label))),
    sequence(oid(OID.localKeyId), set(octets(id))),
  );
  const sealedKey = encrypt(key.export({ type: 'pkcs8', format: 'der' }), password);
  const keyBag = sequence(
    oid(OID.keyBag),
    explicit(0, sequence(sealedKey.algorithm, octets(sealedKey.content))),
    attributes,
  );
  const certBag = sequence(
    oid(OID.certBag),
    explicit(0, sequence(oid(OID.x509), explicit(0, octets(certificate.raw)))),
    attributes,
  );
  const safe = sequence(encryptedData(sequence(certBag), password), data(sequence(keyBag)));
  return sequence(integer(3), data(safe), mac(safe, password));
}

const data = (content: Uint8Array): Buffer => sequence(oid(OID.data), explicit(0, octets(content)));

function encryptedData(plain: Uint8Array, password: string): Buffer {
  const { algorithm, content } = encrypt(plain, password);
  const info = sequence(oid(OID.data), algorithm, implicit(0, content));
  return sequence(oid(OID.encryptedData), explicit(0, sequence(integer(0), info)));
}

function encrypt(plain: Uint8Array, password: string): { algorithm: Buffer; content: Buffer } {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256'), iv);
  const derivation = sequence(octets(salt), integer(ITERATIONS), sequence(oid(OID.hmacSha256), nothing));
  const scheme = sequence(sequence(oid(OID.pbkdf2), derivation), sequence(oid(OID.aes256Cbc), octets(iv)));
  return {
    algorithm: sequence(oid(OID.pbes2), scheme),
    content: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

function mac(content: Uint8Array, password: string): Buffer {
  const salt = randomBytes(16);
  const digest = createHmac('sha256', macKey(password, salt)).update(content).digest();
  return sequence(sequence(sequence(oid(OID.sha256), nothing), octets(digest)), octets(salt), integer(ITERATIONS));
}

/** RFC 7292, appendix B.2 with ID 3: one block of SHA-256 is all the key that is needed. */
function macKey(password: string, salt: Buffer): Buffer {
  const block = 64;
  const fill = (bytes: Buffer): Buffer => {
    const length = block * Math.ceil(bytes.length / block);
    return Buffer.from(Array.from({ length }, (_, i) => bytes[i % bytes.length] ?? 0));
  };
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  let hash: Buffer = Buffer.concat([Buffer.alloc(block, 3), fill(salt), fill(text)]);
  for (let round = 0; round < ITERATIONS; round += 1) hash = createHash('sha256').update(hash).digest();
  return hash;
}
