/** Why a message was not confirmed. After `timeout` and `closed` it may have arrived all the same: repeat with its id. */
export type PublishFailure = 'returned' | 'nacked' | 'timeout' | 'closed' | 'full' | 'refused';

/** Thrown by `Publisher.publish`. */
export class PublishFailed extends Error {
  constructor(
    readonly reason: PublishFailure,
    readonly messageId: string,
    detail = '',
  ) {
    super(`message ${messageId} not confirmed: ${reason}${detail ? ` (${detail})` : ''}`);
    this.name = 'PublishFailed';
  }
}

/**
 * Why a request has no reply. `refused`: the other side answered with an error; in all other cases nothing is known
 * about whether the request was handled.
 */
export type RequestFailure = 'timeout' | 'full' | 'closed' | 'returned' | 'refused';

/** What the Observable of `RabbitClient.send` fails with. */
export class RequestFailed extends Error {
  constructor(
    readonly reason: RequestFailure,
    pattern: string,
    detail = '',
  ) {
    super(`request ${pattern}: ${reason}${detail ? ` (${detail})` : ''}`);
    this.name = 'RequestFailed';
  }
}

/**
 * Something all messages need is away (database, broker, pool). Not a fault of any message: the consumer gives them
 * back and pauses.
 */
export class InfrastructureTrouble extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'InfrastructureTrouble';
  }
}

/** Text of anything thrown, one line, bounded; for logs and for reasons kept beside a message. */
export const errorText = (error: unknown, limit = 255): string =>
  describe(error)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, limit);

const describe = (error: unknown): string => {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return String(error);
  const name = 'name' in error && typeof error.name === 'string' ? `${error.name}: ` : '';
  // A connection refused on every address has its text in `code` only.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  return `${name}${message || code || 'no message'}`;
};
