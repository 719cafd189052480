import { type DataSource, type EntityManager } from 'typeorm';
import { isDuplicate, serverErrorOf } from '#platform';

/** MySQL's number for a row lock that was not given in time. */
const LOCK_WAIT_TIMEOUT = 1205;

/** A request of an operator that may be repeated. `fingerprint`: SHA-256 of what it means, hexadecimal. */
export interface Keyed {
  operator: string;
  key: string;
  fingerprint: string;
}

/** Ends the transaction with nothing written, for a reason that is answered. */
export class Abandon<Because extends string> extends Error {
  constructor(readonly because: Because | 'key-taken' | 'key-busy') {
    super(because);
  }
}

/**
 * Takes the key in the transaction of the deed. Waits while another request holds it uncommitted; then it is free, or
 * taken for good.
 * @param body what every repeat is answered
 * @throws Abandon when it is taken, or held for too long
 */
export async function takeKey(em: EntityManager, { operator, key, fingerprint }: Keyed, body: string): Promise<void> {
  try {
    await em.query(
      `INSERT INTO idempotency (buyer_id, idem_key, fingerprint, status, body, created_at)
       VALUES (?, ?, ?, 202, ?, UTC_TIMESTAMP(3))`,
      [operator, key, fingerprint, body],
    );
  } catch (error) {
    if (isDuplicate(error)) throw new Abandon('key-taken');
    throw serverErrorOf(error) === LOCK_WAIT_TIMEOUT ? new Abandon('key-busy') : error;
  }
}

/** Replaces the body of a key that this transaction has taken. */
export async function answerKey(em: EntityManager, { operator, key }: Keyed, body: string): Promise<void> {
  await em.query('UPDATE idempotency SET body = ? WHERE buyer_id = ? AND idem_key = ?', [body, operator, key]);
}

/**
 * What a request is answered that could not go through: a repeat of one that did, like the first, whatever is allowed by
 * now.
 */
export async function answerAgain<Because extends string>(
  dataSource: DataSource,
  { operator, key, fingerprint }: Keyed,
  because: Because | 'key-taken' | 'key-busy',
): Promise<{ kind: 'replayed'; body: string } | { kind: Because | 'key-reused' | 'key-busy' }> {
  const [stored] = await dataSource.query<{ fingerprint: string; body: string }[]>(
    'SELECT fingerprint, body FROM idempotency WHERE buyer_id = ? AND idem_key = ?',
    [operator, key],
  );
  if (stored)
    return stored.fingerprint === fingerprint ? { kind: 'replayed', body: stored.body } : { kind: 'key-reused' };
  return { kind: because === 'key-taken' ? 'key-busy' : because };
}
