import { describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { QueryFailedError, TypeORMError } from 'typeorm';
import { DatabaseAway, isDuplicate, isInfrastructureTrouble, serverErrorOf } from './trouble.ts';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });
const withErrno = (errno: number): Error =>
  new QueryFailedError('SELECT 1', [], Object.assign(new Error('x'), { errno }));

describe('isInfrastructureTrouble', () => {
  it.each([
    ['our own', new DatabaseAway('no connection')],
    ['a lost connection', withCode('PROTOCOL_CONNECTION_LOST')],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['several refused addresses', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
    ['a statement without answer', withCode('PROTOCOL_SEQUENCE_TIMEOUT')],
    ['a full pool', new Error('Queue limit reached.')],
    ['a closed pool', new Error('Pool is closed.')],
    ['a data source that is not connected', new TypeORMError('Connection is not established with mysql database')],
    ['something that wraps it', new Error('settle failed', { cause: withErrno(2013) })],
    ...[1040, 1053, 1146, 1290, 1836, 1927, 1969, 2006, 3024].map(
      (errno) => [`server error ${errno}`, withErrno(errno)] as const,
    ),
  ])('knows %s', (_what, error) => {
    expect(isInfrastructureTrouble(error)).toBe(true);
  });

  it.each([
    ['a duplicate', withErrno(1062)],
    ['a deadlock', withErrno(1213)],
    ['a lock wait', withErrno(1205)],
    ['a mistake in SQL', withErrno(1064)],
    ['a value too long', withErrno(1406)],
    ['a mistake of ours', new TypeError('x is undefined')],
    ['no error at all', undefined],
    ['a text', 'ECONNREFUSED'],
  ])('does not take %s for it', (_what, error) => {
    expect(isInfrastructureTrouble(error)).toBe(false);
  });

  it('knows an error made by Node itself', async () => {
    const error = await new Promise((resolve) => connect(1, '127.0.0.1').on('error', resolve));
    expect(isInfrastructureTrouble(error)).toBe(true);
  });

  it('ends when causes go round', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isInfrastructureTrouble(error)).toBe(false);
  });
});

it('finds the number of a server error', () => {
  expect([serverErrorOf(withErrno(1213)), serverErrorOf(new Error('x')), serverErrorOf(null)]).toEqual([
    1213,
    undefined,
    undefined,
  ]);
  expect([isDuplicate(withErrno(1062)), isDuplicate(withErrno(1213))]).toEqual([true, false]);
});
