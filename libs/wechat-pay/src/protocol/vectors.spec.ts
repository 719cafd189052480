import { describe, expect, it } from '@jest/globals';
import { vectors } from '../../test-support/vectors.ts';
import {
  beijingTime,
  fromBeijingTime,
  readXml,
  signFields,
  type SignType,
  stringToSign,
  verifyFields,
} from './index.ts';
import { decryptEcb, decryptReqInfo, encryptEcb, encryptReqInfo, reqInfoKey } from './req-info.ts';

const group = (name: string) => vectors.filter((vector) => vector.group === name);
const BOTH: SignType[] = ['MD5', 'HMAC-SHA256'];

it('has every vector of API v2', () => {
  const groups = ['v2.sign', 'v2.xml', 'v2.xml.reject', 'v2.reqinfo', 'aes.ecb', 'time', 'bill'];
  expect(groups.map((name) => group(name).length)).toEqual([12, 5, 8, 2, 1, 4, 1]);
  expect(vectors).toHaveLength(33);
});

describe('signing', () => {
  it.each(group('v2.sign'))('$id: $note', ({ input, key, algorithm, expected, stringToSign: text }) => {
    expect(stringToSign(input.params, key)).toBe(text);
    expect(signFields(input.params, key, algorithm as SignType)).toBe(expected);
    expect(verifyFields({ ...input.params, sign: expected }, key, BOTH)).toBe(algorithm);
    expect(verifyFields({ ...input.params, sign: expected }, `${key.slice(0, -1)}#`, BOTH)).toBeUndefined();
  });
});

describe('reading and verifying', () => {
  it.each(group('v2.xml'))('$id: $note', ({ input, key, algorithm, valid, expected, stringToSign: text }) => {
    const fields = readXml(Buffer.from(input.xml));
    expect({ ...fields }).toEqual(input.fields);
    expect(fields['sign']).toBe(expected);
    expect(verifyFields(fields, key, BOTH)).toBe(valid === false ? undefined : algorithm);
    if (valid !== false) expect(stringToSign(fields, key)).toBe(text);
  });
});

describe('hostile documents', () => {
  it.each(group('v2.xml.reject'))('$id: $note', ({ input }) => {
    expect(() => readXml(Buffer.from(input.xml))).toThrow('XML refused');
  });
});

describe('Beijing time', () => {
  it.each(group('time'))('$id', ({ input, expected, rfc3339 }) => {
    expect(beijingTime(new Date(input.epochMs))).toBe(expected);
    expect(fromBeijingTime(expected).getTime()).toBe(input.epochMs);
    expect(Date.parse(rfc3339)).toBe(input.epochMs);
  });
});

describe('the content of a refund notification', () => {
  it.each(group('v2.reqinfo'))('$id: $note', ({ input, key, derivedKey, expected }) => {
    expect(reqInfoKey(key).toString()).toBe(derivedKey);
    expect(encryptReqInfo(input.plaintext, key)).toBe(expected);
    expect(decryptReqInfo(expected, key)?.toString()).toBe(input.plaintext);
  });

  it.each(group('aes.ecb'))('$id: $note', ({ input, key, expected }) => {
    expect(encryptEcb(input.plaintext, Buffer.from(key))).toBe(expected);
    expect(decryptEcb(expected, Buffer.from(key))?.toString()).toBe(input.plaintext);
  });
});
