import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FieldNotWritable, readXml, signFields, type SignType, verifyFields, writeXml, XmlRefused } from './index.ts';

const KEY = 'TESTONLYv2key0123456789abcdefABC';
const BOTH: SignType[] = ['MD5', 'HMAC-SHA256'];
const FIELDS = { appid: 'wx8888888888888888', attach: '', mch_id: '1900000109', nonce_str: 'a1', total_fee: '88' };
const signed = (signType: SignType) => ({ ...FIELDS, sign: signFields(FIELDS, KEY, signType) });

// Characters that WeChat Pay carries, with those that XML and signing treat specially in the majority.
const character = fc.oneof(
  fc.constantFrom('<', '>', '&', '"', "'", '=', '%', ' ', ']', '\t', '\n', ']]>', '&amp;', '<!--', '茶'),
  fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
);
const value = fc.string({ unit: character, maxLength: 40 }).filter((text) => !text.includes('\u007f'));
const name = fc.stringMatching(/^[a-z][a-z_0-9]{0,20}$/).filter((text) => text !== 'sign');
const fields = fc.dictionary(name, value, { minKeys: 1, maxKeys: 30, noNullPrototype: true });
const signType = fc.constantFrom(...BOTH);

describe('a signed message', () => {
  it('verifies after writing and reading, whatever it says', () => {
    fc.assert(
      fc.property(fields, signType, (content, type) => {
        const received = readXml(Buffer.from(writeXml({ ...content, sign: signFields(content, KEY, type) })));
        const { sign, ...rest } = received;
        expect({ ...rest }).toEqual({ ...content });
        expect(sign).toHaveLength(type === 'MD5' ? 32 : 64);
        expect(verifyFields(received, KEY, BOTH)).toBe(type);
      }),
    );
  });

  it('is refused when any single byte is changed', () => {
    const content = fields.filter((all) => Object.values(all).some((text) => text !== ''));
    fc.assert(
      fc.property(content, signType, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, type, at, change) => {
        const body = Buffer.from(writeXml({ ...all, sign: signFields(all, KEY, type) }));
        const index = at % body.length;
        body[index] = body[index]! ^ change;
        expect(accepted(body)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused at every byte of a real notification', () => {
    const whole = Buffer.from(writeXml(signed('HMAC-SHA256')));
    for (let index = 0; index < whole.length; index++) {
      const body = Buffer.from(whole);
      body[index] = body[index]! ^ 1;
      expect(accepted(body)).toBe(false);
    }
  });

  it('is refused when a field is added, dropped or emptied', () => {
    expect(verifyFields({ ...signed('MD5'), extra: '1' }, KEY, BOTH)).toBeUndefined();
    expect(verifyFields({ ...signed('MD5'), total_fee: '' }, KEY, BOTH)).toBeUndefined();
    const without = Object.fromEntries(Object.entries(signed('MD5')).filter(([name]) => name !== 'nonce_str'));
    expect(verifyFields(without, KEY, BOTH)).toBeUndefined();
  });
});

function accepted(body: Buffer): boolean {
  try {
    return verifyFields(readXml(body), KEY, BOTH) !== undefined;
  } catch (error) {
    if (error instanceof XmlRefused) return false;
    throw error;
  }
}

describe('the algorithm', () => {
  it('follows from the length of the sign, restricted by what is allowed', () => {
    expect(verifyFields(signed('MD5'), KEY, ['MD5'])).toBe('MD5');
    expect(verifyFields(signed('HMAC-SHA256'), KEY, ['HMAC-SHA256'])).toBe('HMAC-SHA256');
    expect(verifyFields(signed('MD5'), KEY, ['HMAC-SHA256'])).toBeUndefined();
    expect(verifyFields(signed('HMAC-SHA256'), KEY, ['MD5'])).toBeUndefined();
    expect(verifyFields(signed('MD5'), KEY, [])).toBeUndefined();
  });

  it.each(['', 'MD5', 'HMAC-SHA256', 'none', 'RSA'])(
    'is not chosen by the message: sign_type "%s"',
    (signTypeField) => {
      const content = { ...FIELDS, sign_type: signTypeField };
      const message = { ...content, sign: signFields(content, KEY, 'MD5') };
      expect(verifyFields(message, KEY, BOTH)).toBe('MD5');
      expect(verifyFields(message, KEY, ['HMAC-SHA256'])).toBeUndefined();
    },
  );
});

describe('a sign of another form is refused without comparing', () => {
  const good = signFields(FIELDS, KEY, 'MD5');
  const long = signFields(FIELDS, KEY, 'HMAC-SHA256');
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['lower case', good.toLowerCase()],
    ['31 digits', good.slice(1)],
    ['33 digits', `${good}0`],
    ['63 digits', long.slice(1)],
    ['65 digits', `${long}0`],
    ['a leading blank', ` ${good.slice(1)}`],
    ['a trailing line feed', `${good}\n`],
    ['not hexadecimal', `G${good.slice(1)}`],
    ['characters of two bytes', 'é'.repeat(32)],
  ])('%s', (_what, sign) => {
    const message = sign === undefined ? FIELDS : { ...FIELDS, sign };
    expect(verifyFields(message, KEY, BOTH)).toBeUndefined();
  });
});

describe('the key', () => {
  it('must be the configured one', () => {
    const message = { ...FIELDS, sign: signFields(FIELDS, 'TESTONLYv3key0123456789abcdefABC', 'MD5') };
    expect(verifyFields(message, KEY, BOTH)).toBeUndefined();
  });

  it('is never empty', () => {
    expect(() => signFields(FIELDS, '', 'MD5')).toThrow(TypeError);
    expect(() => verifyFields(signed('MD5'), '', BOTH)).toThrow(TypeError);
  });
});

describe('writing', () => {
  it('refuses what the protocol cannot carry, naming the field only', () => {
    for (const text of ['😀', '\ud83d', 'a\u0000b', 'a\rb', '\ufffe']) {
      expect(() => writeXml({ body: text })).toThrow(FieldNotWritable);
      expect(() => writeXml({ body: text })).toThrow('field body has a character that WeChat Pay does not carry');
    }
    expect(() => writeXml({ total_fee: 1.5 })).toThrow('field total_fee is not a whole number');
    expect(() => writeXml({ 'a b': '1' })).toThrow(FieldNotWritable);
    expect(() => writeXml({ constructor: '1' })).toThrow(FieldNotWritable);
  });

  it('wraps text, leaves numbers bare, leaves undefined out and splits what would end the section', () => {
    expect(writeXml({ attach: '', gone: undefined, total_fee: 88, body: 'a]]>b' })).toBe(
      '<xml><attach><![CDATA[]]></attach><total_fee>88</total_fee>' +
        '<body><![CDATA[a]]]]><![CDATA[>b]]></body></xml>',
    );
  });
});
