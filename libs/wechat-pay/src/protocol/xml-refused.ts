/** Why a document was refused. No reason says anything about its content. */
export type XmlReason =
  | 'size'
  | 'encoding'
  | 'character'
  | 'doctype'
  | 'root'
  | 'attribute'
  | 'name'
  | 'duplicate'
  | 'nested'
  | 'too-many-fields'
  | 'reference'
  | 'malformed'
  | 'trailing';

const TEXT: Record<XmlReason, string> = {
  size: 'more than 64 KiB',
  encoding: 'not UTF-8',
  character: 'a character that XML does not allow',
  doctype: 'a document type, entity or style sheet declaration',
  root: 'not the expected root element',
  attribute: 'an attribute or a namespace',
  name: 'a field name that is not allowed',
  duplicate: 'a field twice',
  nested: 'an element inside a field',
  'too-many-fields': 'too many fields',
  reference: 'an unknown entity or character reference',
  malformed: 'not well-formed',
  trailing: 'data after the root element',
};

/** A document that is not one flat `<xml>` message. The message names the rule, never the content. */
export class XmlRefused extends Error {
  override readonly name = 'XmlRefused';
  readonly reason: XmlReason;

  constructor(reason: XmlReason) {
    super(`XML refused: ${TEXT[reason]}`);
    this.reason = reason;
  }
}
