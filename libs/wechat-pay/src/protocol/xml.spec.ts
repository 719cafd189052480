import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readXml, XmlRefused, type XmlReason } from './index.ts';

const read = (body: string | Uint8Array, root?: 'xml' | 'root') => {
  return { ...readXml(typeof body === 'string' ? Buffer.from(body) : body, root) };
};

/** The reason of the refusal, or what was read when it was not refused. */
function outcome(body: string | Uint8Array): unknown {
  try {
    return read(body);
  } catch (error) {
    if (error instanceof XmlRefused) return error.reason;
    throw error;
  }
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const field = (content: string) => `<xml><a>${content}</a></xml>`;
const fields = (count: number) => `<xml>${Array.from({ length: count }, (_, i) => `<f${i}>1</f${i}>`).join('')}</xml>`;
const padded = (bytes: number) => field('x'.repeat(bytes - field('').length));
const BILLION =
  '<!DOCTYPE xml [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><xml><a>&c;</a></xml>';

describe('a message', () => {
  it.each<[string, string, Record<string, string>]>([
    ['CDATA and bare text', '<xml><a><![CDATA[1]]></a><b>2</b></xml>', { a: '1', b: '2' }],
    ['empty elements in each form', '<xml><a/><b></b><c><![CDATA[]]></c><d /></xml>', { a: '', b: '', c: '', d: '' }],
    ['no field at all', '<xml></xml>', {}],
    ['an empty root', '<xml/>', {}],
    ['white space around elements', '\n <xml >\r\n <a >1</a >\t\n</xml>\n', { a: '1' }],
    ['blanks in values, kept', '<xml><a> b </a><c>  </c><d><![CDATA[ \n]]></d></xml>', { a: ' b ', c: '  ', d: ' \n' }],
    [
      'numbers as text',
      '<xml><a>0010</a><b>4200000478201912254663157927</b></xml>',
      {
        a: '0010',
        b: '4200000478201912254663157927',
      },
    ],
    ['a declaration', '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<xml><a>1</a></xml>', { a: '1' }],
    ['a declaration with apostrophes', "<?xml version='1.0' encoding='UTF-8' ?><xml><a>1</a></xml>", { a: '1' }],
    ['a byte order mark', '\ufeff<xml><a>1</a></xml>', { a: '1' }],
    ['comments around', '<!-- <!DOCTYPE x> --><xml><!----><a>1</a><!-- b --></xml><!-- c -->', { a: '1' }],
    ['a comment inside a value: the value as XML says', field('1<!--0-->00'), { a: '100' }],
    ['a processing instruction inside a value', field('1<?php 0 ?>00'), { a: '100' }],
    ['CDATA split in two', field('<![CDATA[a]]]]><![CDATA[>b]]>'), { a: 'a]]>b' }],
    ['text around CDATA', field('a<![CDATA[<b>]]>c'), { a: 'a<b>c' }],
    ['the five entities', field('&lt;&gt;&amp;&quot;&apos;'), { a: '<>&"\'' }],
    ['numeric references', field('&#49;&#x41;&#033;&#x8336;'), { a: '1A!茶' }],
    [
      'an entity declaration inside CDATA, which is text',
      field('<![CDATA[<!ENTITY x "y">]]>'),
      {
        a: '<!ENTITY x "y">',
      },
    ],
    ['characters of four bytes, although nobody may send them', field('😀'), { a: '😀' }],
    ['exactly 100 fields', fields(100), Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, '1']))],
    ['a name of 64 characters', `<xml><${'n'.repeat(64)}>1</${'n'.repeat(64)}></xml>`, { ['n'.repeat(64)]: '1' }],
    [
      'names with digits and underscores',
      '<xml><_x>1</_x><coupon_id_0>2</coupon_id_0></xml>',
      {
        _x: '1',
        coupon_id_0: '2',
      },
    ],
  ])('is read with %s', (_what, body, expected) => {
    expect(read(body)).toEqual(expected);
  });

  it('may have exactly 64 KiB and not one byte more', () => {
    expect(padded(64 * 1024)).toHaveLength(65_536);
    expect(read(padded(64 * 1024))['a']).toHaveLength(65_536 - field('').length);
    expect(outcome(padded(64 * 1024 + 1))).toBe('size');
  });

  it('becomes fields without a prototype', () => {
    expect(Object.getPrototypeOf(readXml(Buffer.from(field('1'))))).toBeNull();
  });

  it('has the root that was asked for', () => {
    expect(read('<root><a>1</a></root>', 'root')).toEqual({ a: '1' });
    expect(outcome('<root><a>1</a></root>')).toBe('root');
  });
});

describe('refused before anything is used', () => {
  it.each<[string, string | Uint8Array, XmlReason]>([
    ['an empty body', '', 'malformed'],
    ['spaces', ' \n ', 'malformed'],
    ['a word', 'hello', 'malformed'],
    ['JSON', '{"return_code":"SUCCESS"}', 'malformed'],
    ['a form', 'return_code=SUCCESS&sign=1', 'malformed'],
    ['HTML', '<html><body>502 Bad Gateway</body></html>', 'root'],
    ['HTML with its document type', '<!DOCTYPE html><html></html>', 'doctype'],
    ['the root in upper case', '<XML><a>1</a></XML>', 'root'],
    ['a truncated message', '<xml><a>1</a>', 'malformed'],
    ['a truncated tag', '<xml><a>1</a', 'malformed'],
    ['a truncated CDATA section', '<xml><a><![CDATA[1]]', 'malformed'],
    ['a truncated comment', '<xml><!-- ', 'malformed'],
    ['a missing end tag', '<xml><a>1</xml>', 'malformed'],
    ['crossed end tags', '<xml><a>1</b></xml>', 'malformed'],
    ['a second root', '<xml><a>1</a></xml><xml><a>2</a></xml>', 'trailing'],
    ['junk after the root', '<xml><a>1</a></xml>junk', 'trailing'],
    ['text before the root', 'junk<xml><a>1</a></xml>', 'malformed'],
    ['text between the fields', '<xml><a>1</a>junk<b>2</b></xml>', 'malformed'],
    ['CDATA between the fields', '<xml><![CDATA[x]]><a>1</a></xml>', 'malformed'],
    [
      'an external file entity',
      '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><a>&x;</a></xml>',
      'doctype',
    ],
    ['an external http entity', '<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml><a>1</a></xml>', 'doctype'],
    ['a parameter entity', '<!DOCTYPE xml [<!ENTITY % x SYSTEM "ftp://127.0.0.1/">%x;]><xml/>', 'doctype'],
    ['a lower-case document type', '<!doctype xml><xml/>', 'doctype'],
    ['a document type after a comment', '<!-- --><!DOCTYPE xml><xml/>', 'doctype'],
    ['billion laughs', BILLION, 'doctype'],
    ['an entity declaration in the root', '<xml><!ENTITY x "y"><a>1</a></xml>', 'doctype'],
    ['an entity declaration in a value', field('<!ENTITY x "y">'), 'doctype'],
    ['a style sheet', '<?xml-stylesheet href="http://127.0.0.1/x.xsl"?><xml><a>1</a></xml>', 'doctype'],
    ['a style sheet in a value', field('<?xml-stylesheet href="x"?>'), 'doctype'],
    ['an unknown entity', field('&x;'), 'reference'],
    ['an HTML entity, which the parser would know', field('&nbsp;'), 'reference'],
    ['a lone ampersand', field('a & b'), 'reference'],
    ['an unfinished reference', field('&#49'), 'reference'],
    ['a reference to NUL', field('&#0;'), 'reference'],
    ['a reference to a control character', field('&#x1;'), 'reference'],
    ['a reference to a surrogate', field('&#xD800;'), 'reference'],
    ['a reference beyond Unicode', field('&#x110000;'), 'reference'],
    ['the end of a CDATA section in plain text', field('a]]>b'), 'malformed'],
    ['10 MB', Buffer.alloc(10_000_000, 0x20), 'size'],
    ['thousands of tags', `<xml>${'<a/>'.repeat(16_000)}</xml>`, 'duplicate'],
    ['deep nesting', '<xml>'.repeat(13_000), 'nested'],
    ['101 fields', fields(101), 'too-many-fields'],
    ['a name of 65 characters', `<xml><${'n'.repeat(65)}>1</${'n'.repeat(65)}></xml>`, 'name'],
    ['a name of 1 KB', `<xml><${'n'.repeat(1024)}>1</${'n'.repeat(1024)}></xml>`, 'name'],
    ['a name that is not ASCII', '<xml><金额>1</金额></xml>', 'name'],
    ['a value of 100 KB', field('x'.repeat(100_000)), 'size'],
    ['invalid UTF-8', Buffer.from([...Buffer.from('<xml><a>'), 0xff, ...Buffer.from('</a></xml>')]), 'encoding'],
    ['GBK', Buffer.from([...Buffer.from('<xml><a>'), 0xd6, 0xd0, ...Buffer.from('</a></xml>')]), 'encoding'],
    ['overlong UTF-8', Buffer.from([...Buffer.from('<xml><a>'), 0xc0, 0xbc, ...Buffer.from('</a></xml>')]), 'encoding'],
    ['UTF-16 with a byte order mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(field('1'))]), 'encoding'],
    ['UTF-16 with a document type', utf16('<!DOCTYPE xml><xml/>'), 'character'],
    ['another declared encoding', '<?xml version="1.0" encoding="GBK"?><xml><a>1</a></xml>', 'encoding'],
    ['a declared UTF-16', "<?xml version='1.0' encoding='UTF-16'?><xml/>", 'encoding'],
    ['a malformed declaration', '<?xml version=1.0?><xml/>', 'malformed'],
    ['a declaration in the middle', '<xml><?xml version="1.0"?><a>1</a></xml>', 'malformed'],
    ['NUL', field('a\u0000b'), 'character'],
    ['a control character', field('a\u0007b'), 'character'],
    ['total_fee twice', '<xml><total_fee>1</total_fee><total_fee>100</total_fee></xml>', 'duplicate'],
    ['sign twice', '<xml><sign>A</sign><sign/></xml>', 'duplicate'],
    ['a nested element', '<xml><total_fee><a>1</a></total_fee></xml>', 'nested'],
    ['a nested empty element', '<xml><total_fee>1<a/></total_fee></xml>', 'nested'],
    ['an attribute on the root', '<xml version="1"><a>1</a></xml>', 'attribute'],
    ['an attribute on a field', '<xml><a b="1">1</a></xml>', 'attribute'],
    ['a namespace declaration', '<xml xmlns="urn:x"><a>1</a></xml>', 'attribute'],
    ['a prefixed field', '<xml><p:a>1</p:a></xml>', 'attribute'],
    ['a prefixed root', '<p:xml><a>1</a></p:xml>', 'attribute'],
    ['two byte order marks', '\ufeff\ufeff<xml/>', 'malformed'],
  ])('%s', (_what, body, reason) => {
    expect(outcome(body)).toBe(reason);
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
    '$',
    '_',
  ])('the name %s, and no object is touched', (name) => {
    expect(['name', 'malformed']).toContain(outcome(`<xml><${name}>polluted</${name}></xml>`));
    expect(Object.values({})).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'toString')).toBe(true);
  });

  it('with a message that repeats nothing of the document', () => {
    const error = new XmlRefused('name');
    expect(error.message).toBe('XML refused: a field name that is not allowed');
    try {
      read('<xml><secret-key attribute="x">value</secret-key></xml>');
    } catch (refusal) {
      expect(String(refusal)).not.toMatch(/secret|value/);
    }
    expect.assertions(2);
  });
});

describe('anything else', () => {
  const token = fc.constantFrom(
    ...[
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<a',
      '/>',
      '>',
      '<',
      '&',
      ';',
      '&lt;',
      '&#49;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
    ],
    ...[
      '--',
      '<?x',
      '?>',
      '<?xml version="1.0"?>',
      '<!DOCTYPE',
      ' ',
      '\n',
      '1',
      '=',
      '"',
      '茶',
      '\u0000',
      '<_>',
      '<b/>',
      '</',
    ],
  );

  it('is either read into plain text fields or refused, never a surprise', () => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        const result = outcome(tokens.join(''));
        if (typeof result === 'string') return;
        for (const value of Object.values(result as object)) expect(typeof value).toBe('string');
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps what surrounds it apart: a message inside soup is refused unless the soup means nothing', () => {
    const soup = fc.array(token, { maxLength: 4 }).map((tokens) => tokens.join(''));
    fc.assert(
      fc.property(soup, soup, (before, after) => {
        const result = outcome(`${before}<xml><b>1</b></xml>${after}`);
        if (typeof result === 'string') return;
        expect(result).toHaveProperty('b');
        // What stands inside a processing instruction or a comment is no markup.
        const markup = `${before}|${after}`.replace(/<\?.*?\?>|<!--.*?-->/gs, '');
        expect(markup).not.toMatch(/<xml|DOCTYPE\S/);
      }),
      { numRuns: 1000 },
    );
  });
});
