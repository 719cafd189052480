/**
 * What one call came to, by what the caller may do next:
 * - `ok`: WeChat Pay did it and said so in a signed answer.
 * - `refused`: WeChat Pay did not do it; `code` is its `err_code` (or the matching one, when it only sent a text),
 *   `text` its explanation for humans.
 * - `unknown`: it may have been done or not. Query before doing anything else, and never with a new number;
 *   `retryable` says whether repeating the same call unchanged can help. `reason` holds no content and no secret.
 */
export type CallResult<T> = { readonly kind: 'ok'; readonly value: T } | Refused | Unknown;

export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly text: string;
  /** An earlier try of the same call had no clear answer: what it asked for may have been done all the same. */
  readonly afterUnknown?: true;
}

export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly retryable: boolean;
}

export function unknown(reason: string, retryable = true): Unknown {
  return { kind: 'unknown', reason, retryable };
}
