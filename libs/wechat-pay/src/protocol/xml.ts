import xml2js from 'xml2js';
import { type Fields, isFieldName, MAX_FIELDS, MAX_LIST_FIELDS, noFields } from './fields.ts';
import { fieldNames } from './flat-shape.ts';
import { XmlRefused } from './xml-refused.ts';

/** Most bytes a message may have. A notification has one to two KiB. */
export const MAX_XML_BYTES = 64 * 1024;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one message of API v2: a flat `<xml>` document (the decrypted refund notification has the root `root`) into
 * its fields. Values stay text and are not trimmed: identifiers do not fit into numbers and blanks take part in the
 * signature. Empty elements become the empty text.
 *
 * Refused: more than 64 KiB, anything but UTF-8 (a byte order mark is accepted), document types and entities,
 * attributes, namespaces, nesting, duplicates, more than 100 fields, names that mean something to JavaScript, anything
 * after the root.
 * Source: pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=23_5 (hostile XML), native.php?chapter=4_1 (format).
 * @param maxFields for the answers that list refunds, which have ten fields and more for each.
 * @throws XmlRefused
 */
export function readXml(body: Uint8Array, root: 'xml' | 'root' = 'xml', maxFields = MAX_FIELDS): Fields {
  if (body.length > MAX_XML_BYTES) throw new XmlRefused('size');
  const text = decode(body);
  const names = fieldNames(text, root, maxFields);
  const content = parse(text)[root];
  const fields = noFields();
  if (names.length === 0) return fields;
  if (!isRecord(content)) throw new XmlRefused('malformed');
  for (const name of names) {
    const value = content[name];
    if (typeof value !== 'string') throw new XmlRefused('malformed');
    fields[name] = value;
  }
  return fields;
}

function decode(body: Uint8Array): string {
  try {
    return UTF8.decode(body);
  } catch {
    throw new XmlRefused('encoding');
  }
}

function parse(text: string): Record<string, unknown> {
  const parser = new xml2js.Parser({ async: false, strict: true, explicitArray: false, trim: false, normalize: false });
  let parsed: unknown;
  try {
    parser.parseString(text, (error: Error | null, result: unknown) => {
      parsed = error === null ? result : undefined;
    });
  } catch {
    throw new XmlRefused('malformed');
  }
  if (!isRecord(parsed)) throw new XmlRefused('malformed');
  return parsed;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that cannot be written; `field` names it, the message holds no value. */
export class FieldNotWritable extends Error {
  override readonly name = 'FieldNotWritable';
  readonly field: string;

  constructor(field: string, why: string) {
    super(`field ${field} ${why}`);
    this.field = field;
  }
}

// WeChat Pay supports characters of one to three UTF-8 bytes only; lone surrogates and control characters cannot be
// carried, and a carriage return would arrive as a line feed and break the signature.
const NOT_CARRIED = /[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff\ufffe\uffff]/;

/** Whether a text can be sent: no emoji (4-byte characters), no control characters but tab and line feed. */
export function isSendable(text: string): boolean {
  return !NOT_CARRIED.test(text);
}

/**
 * Writes one message: text in CDATA (`]]>` split over two sections), whole numbers bare, undefined left out.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_1.
 * @throws FieldNotWritable for a name or a text that the protocol cannot carry, and for a number that is not whole.
 */
export function writeXml(
  fields: Readonly<Record<string, string | number | undefined>>,
  root: 'xml' | 'root' = 'xml',
): string {
  let text = `<${root}>`;
  let count = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!isFieldName(name)) throw new FieldNotWritable(JSON.stringify(name), 'is not a field name');
    if (++count > MAX_LIST_FIELDS) throw new FieldNotWritable(name, 'is one field too many');
    text += `<${name}>${typeof value === 'number' ? whole(name, value) : cdata(name, value)}</${name}>`;
  }
  return `${text}</${root}>`;
}

function whole(name: string, value: number): string {
  if (!Number.isSafeInteger(value)) throw new FieldNotWritable(name, 'is not a whole number');
  return String(value);
}

function cdata(name: string, value: string): string {
  if (!isSendable(value)) throw new FieldNotWritable(name, 'has a character that WeChat Pay does not carry');
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
