import { isFieldName } from './fields.ts';
import { XmlRefused, type XmlReason } from './xml-refused.ts';

// A general XML parser lets through what a signed message must not have: attributes, nested elements, the same field
// twice, a second root, junk after the root. This scan admits the one flat shape of API v2 and nothing else, before
// the parser sees the text. It only ever moves forward, so hostile input costs no more than its length.

const WHITE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const DECLARATION =
  /<\?xml[ \t\r\n]+version=(?:"1\.[0-9]"|'1\.[0-9]')(?:[ \t\r\n]+encoding=(?:"([A-Za-z0-9._-]+)"|'([A-Za-z0-9._-]+)'))?(?:[ \t\r\n]+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>/y;
const REFERENCE = /&(?:lt|gt|amp|quot|apos|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/y;
// The characters that XML 1.0 (2.2) leaves out.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * Checks that a text is one flat document: `<root>` with leaf elements only, no attributes, no namespaces, no document
 * type, no field twice, at most `maxFields` fields, nothing but white space and comments around.
 * @returns the field names in their order.
 * @throws XmlRefused
 */
export function fieldNames(text: string, root: string, maxFields: number): string[] {
  if (FORBIDDEN.test(text)) throw new XmlRefused('character');
  return new FlatScan(text, maxFields).document(root);
}

function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

class FlatScan {
  private at = 0;
  private readonly text: string;
  private readonly maxFields: number;

  constructor(text: string, maxFields: number) {
    this.text = text;
    this.maxFields = maxFields;
  }

  document(root: string): string[] {
    this.declaration();
    this.miscellaneous();
    const names = new Set<string>();
    if (this.openTag('root', (name) => name === root) !== 'empty') {
      this.miscellaneous();
      while (!this.sees('</')) {
        this.field(names);
        this.miscellaneous();
      }
      this.closeTag(root);
    }
    this.miscellaneous();
    if (this.at !== this.text.length) throw new XmlRefused('trailing');
    return [...names];
  }

  private field(names: Set<string>): void {
    if (names.size === this.maxFields) throw new XmlRefused('too-many-fields');
    let field = '';
    const tag = this.openTag('name', (name) => isFieldName((field = name)));
    if (names.has(field)) throw new XmlRefused('duplicate');
    names.add(field);
    if (tag === 'empty') return;
    this.value();
    this.closeTag(field);
  }

  /** Moves over a value: text, CDATA sections, comments. */
  private value(): void {
    for (;;) {
      const markup = this.text.indexOf('<', this.at);
      if (markup < 0) throw new XmlRefused('malformed');
      this.characters(this.text.slice(this.at, markup));
      this.at = markup;
      if (this.sees('</')) return;
      if (this.sees('<![CDATA[')) this.skipTo(']]>', 9);
      else if (!this.comment()) throw new XmlRefused('nested');
    }
  }

  private characters(run: string): void {
    if (run.includes(']]>')) throw new XmlRefused('malformed');
    for (let at = run.indexOf('&'); at >= 0; at = run.indexOf('&', at + 1)) {
      REFERENCE.lastIndex = at;
      const [whole, decimal, hexadecimal] = REFERENCE.exec(run) ?? [];
      if (whole === undefined) throw new XmlRefused('reference');
      const digits = decimal ?? hexadecimal;
      if (digits !== undefined && !isXmlCharacter(Number.parseInt(digits, decimal === undefined ? 16 : 10)))
        throw new XmlRefused('reference');
    }
  }

  private openTag(reason: XmlReason, accepts: (name: string) => boolean): 'open' | 'empty' {
    if (!this.sees('<')) throw new XmlRefused('malformed');
    this.at += 1;
    const name = this.match(NAME);
    if (this.sees(':')) throw new XmlRefused('attribute');
    if (!accepts(name)) throw new XmlRefused(reason);
    const gap = this.match(WHITE);
    if (this.take('>')) return 'open';
    if (this.take('/>')) return 'empty';
    throw new XmlRefused(gap === '' ? reason : 'attribute');
  }

  private closeTag(name: string): void {
    if (!this.take(`</${name}`)) throw new XmlRefused('malformed');
    this.match(WHITE);
    if (!this.take('>')) throw new XmlRefused('malformed');
  }

  private declaration(): void {
    if (!/^<\?xml[ \t\r\n]/.test(this.text)) return;
    DECLARATION.lastIndex = 0;
    const [whole, quoted, apostrophed] = DECLARATION.exec(this.text) ?? [];
    if (whole === undefined) throw new XmlRefused('malformed');
    if ((quoted ?? apostrophed ?? 'UTF-8').toUpperCase() !== 'UTF-8') throw new XmlRefused('encoding');
    this.at = whole.length;
  }

  /** White space and comments, where they mean nothing. */
  private miscellaneous(): void {
    do this.match(WHITE);
    while (this.comment());
  }

  /** Moves over a comment or a processing instruction, both of which are no content. */
  private comment(): boolean {
    if (this.sees('<!--')) {
      this.skipTo('--', 4);
      if (!this.take('>')) throw new XmlRefused('malformed');
      return true;
    }
    if (this.sees('<![CDATA[')) throw new XmlRefused('malformed');
    if (this.sees('<!')) throw new XmlRefused('doctype');
    if (!this.sees('<?')) return false;
    this.at += 2;
    const target = this.match(NAME).toLowerCase();
    if (target === 'xml-stylesheet') throw new XmlRefused('doctype');
    if (target === '' || target === 'xml') throw new XmlRefused('malformed');
    if (this.match(WHITE) === '' && !this.sees('?>')) throw new XmlRefused('malformed');
    this.skipTo('?>', 0);
    return true;
  }

  private sees(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  private take(token: string): boolean {
    if (!this.sees(token)) return false;
    this.at += token.length;
    return true;
  }

  private skipTo(end: string, from: number): void {
    const found = this.text.indexOf(end, this.at + from);
    if (found < 0) throw new XmlRefused('malformed');
    this.at = found + end.length;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }
}
