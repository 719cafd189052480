import { type Fields, readXml, type SignType, verifyFields, XmlRefused } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';

/** A refusal for one of some reasons. */
export interface NoticeRefusal<R extends string> {
  readonly kind: 'refused';
  readonly reason: R;
  readonly message: string;
}

export interface SignedMessageOptions {
  readonly keys: MerchantKeys;
  /** Algorithms the sign may have; its length tells which one it is. */
  readonly allowed: readonly SignType[];
}

/** A message whose sign was right, or why it was not opened. */
export type SignedMessage =
  | { readonly kind: 'signed'; readonly fields: Readonly<Fields>; readonly signType: SignType }
  | NoticeRefusal<'unreadable' | 'unsigned' | 'sign'>;

/** Reads a message that anybody can have posted, and verifies its sign over all fields before anything else. */
export function openSigned(raw: Uint8Array, { keys, allowed }: SignedMessageOptions): SignedMessage {
  let fields: Fields;
  try {
    fields = readXml(raw);
  } catch (error) {
    if (error instanceof XmlRefused) return { kind: 'refused', reason: 'unreadable', message: error.message };
    throw error;
  }
  if (fields['sign'] === undefined || fields['sign'] === '')
    return { kind: 'refused', reason: 'unsigned', message: 'there is no sign' };
  const signType = verifyFields(fields, keys.apiKey, allowed);
  if (signType === undefined)
    return { kind: 'refused', reason: 'sign', message: 'the sign is wrong, or its algorithm is not allowed' };
  return { kind: 'signed', fields, signType };
}
