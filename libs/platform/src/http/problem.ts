/** One member of the input that was refused. */
export interface InputError {
  /** Where: `items[0].quantity`; empty for the whole. */
  path: string;
  message: string;
}

export interface ProblemExtra {
  errors?: readonly InputError[];
  /** Sent as `Retry-After`. */
  retryAfterSeconds?: number;
  headers?: Readonly<Record<string, string>>;
  /** What a program needs beside the code; members of the answer's own level, as RFC 9457 has them. */
  members?: Readonly<Record<string, string>>;
}

/**
 * A refusal on its way to an HTTP client, answered as `application/problem+json` (RFC 9457). `code` is stable and meant
 * for programs, `detail` for people; neither may hold what the client must not know.
 */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly extra: ProblemExtra = {},
  ) {
    super(`${code}: ${detail}`);
  }
}
