import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolConnection } from 'mysql2';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DatabaseAway, serverErrorOf } from './trouble.ts';

/** Deadlock; lock wait too long (the server undoes only the statement, so we undo the rest); row changed under a snapshot. */
const RETRYABLE = new Set([1213, 1205, 1020]);
const MAX_RETRIES = 5;

/**
 * Runs `work` in one READ COMMITTED transaction and commits. Deadlocks and lock waits are rolled back and tried again,
 * up to five times, so `work` must have no effect but through `em`; and never run two statements of one `em` at the
 * same time.
 *
 * @throws what `work` throws, after the rollback; infrastructure trouble as `isInfrastructureTrouble` knows it. If the
 * connection breaks during COMMIT the outcome is unknown: do it again in a way that is harmless twice.
 */
export const transact = <T>(dataSource: DataSource, work: (em: EntityManager) => Promise<T>): Promise<T> =>
  patiently(() => once(dataSource, work));

/**
 * Runs one statement that writes and needs no other beside it; the server commits it by itself. It may be the victim of a
 * deadlock like any transaction, and is tried again in the same way.
 *
 * @returns what the server answers: `affectedRows` counts matched rows
 * @throws as {@link transact} does
 */
export const execute = (
  dataSource: DataSource,
  sql: string,
  values: readonly unknown[] = [],
): Promise<{ affectedRows: number }> =>
  patiently(() => {
    mustBeOpen(dataSource);
    return dataSource.query<{ affectedRows: number }>(sql, [...values]);
  });

async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const number = serverErrorOf(error);
      if (number === undefined || !RETRYABLE.has(number) || retries >= MAX_RETRIES) throw error;
      await sleep(Math.random() * 20 * 2 ** retries);
    }
  }
}

async function once<T>(dataSource: DataSource, work: (em: EntityManager) => Promise<T>): Promise<T> {
  mustBeOpen(dataSource);
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    const result = await work(runner.manager);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await rollBack(runner);
    throw error;
  } finally {
    await runner.release();
  }
}

function mustBeOpen({ isInitialized }: DataSource): void {
  if (!isInitialized) throw new DatabaseAway('MySQL has not been reached yet');
}

/** A connection that cannot roll back may still hold an open transaction: it must not go back to the pool. */
async function rollBack(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    const connection = (await runner.connect().catch(() => undefined)) as PoolConnection | undefined;
    connection?.destroy();
  }
}
