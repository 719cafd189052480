/** One message of API v2: field name to text. Always without a prototype, so no field can shadow or reach one. */
export type Fields = Record<string, string>;

/** An empty set of fields without a prototype. */
export function noFields(): Fields {
  return Object.create(null) as Fields;
}

/** Most fields one message may have; a payment notification has about 25, with coupons 40. */
export const MAX_FIELDS = 100;

/** Most fields of an answer that lists refunds: ten refunds of up to fifteen fields, with their coupons. */
export const MAX_LIST_FIELDS = 600;

/** Most characters a field name may have. */
export const MAX_NAME_LENGTH = 64;

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

// Names that would reach into a prototype somewhere down the line, and the two that xml2js itself uses for
// attributes and text.
const RESERVED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', '$', '_']);

/** Whether a field may carry this name: an ASCII name of at most 64 characters that means nothing to JavaScript. */
export function isFieldName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name) && !RESERVED.has(name);
}
