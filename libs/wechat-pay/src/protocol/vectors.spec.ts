import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  beijingTime,
  fromBeijingTime,
  readXml,
  signFields,
  type SignType,
  stringToSign,
  verifyFields,
} from './index.ts';

// Vectors that neither side of this repository made: client and simulator cannot be wrong together.
interface Vector {
  readonly id: string;
  readonly group: string;
  readonly algorithm: string;
  readonly note: string;
  readonly key: string;
  readonly valid?: boolean;
  readonly stringToSign: string;
  readonly expected: string;
  readonly rfc3339: string;
  readonly input: {
    readonly params: Record<string, string>;
    readonly xml: string;
    readonly fields: Record<string, string>;
    readonly epochMs: number;
  };
}

const file = new URL('../../vectors/v2.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };
const group = (name: string) => vectors.filter((vector) => vector.group === name);
const BOTH: SignType[] = ['MD5', 'HMAC-SHA256'];

it('has every vector of the protocol half', () => {
  const counts = ['v2.sign', 'v2.xml', 'v2.xml.reject', 'time'].map((name) => group(name).length);
  expect(counts).toEqual([12, 5, 8, 4]);
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
