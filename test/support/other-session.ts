/** Other sessions of the database server: one to stand in the way of the one that is tested, and some that are strict. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'mysql2';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { openDataSource } from '#platform';

const LOOK_EVERY_MS = 50;
const STRICTLY = 'SET SESSION innodb_snapshot_isolation = ON';

export class OtherSession {
  private constructor(private readonly connection: Connection) {}

  /** @param url of the schema that the tested one uses */
  static async on(url: string): Promise<OtherSession> {
    return new OtherSession(await createConnection(url));
  }

  async query(sql: string, values: unknown[] = []): Promise<void> {
    await this.connection.query(sql, values);
  }

  async end(): Promise<void> {
    await this.connection.end();
  }

  /**
   * Waits until a transaction in this schema waits for a lock.
   * @param before the answer for an earlier transaction, which is not meant
   * @returns what tells that transaction from others
   */
  async whenOneWaits(before = ''): Promise<string> {
    for (;;) {
      const [sessions] = await this.connection.query<RowDataPacket[]>(
        'SELECT ID AS session FROM information_schema.PROCESSLIST WHERE DB = DATABASE()',
      );
      const here = new Set(sessions.map((row) => String(row['session'])));
      const one = (await this.lockWaits()).find(({ id, session }) => id !== before && here.has(session));
      if (one !== undefined) return one.id;
      await pause(LOOK_EVERY_MS);
    }
  }

  /**
   * Read from the engine's own report: its table of transactions is a copy that the server does not renew while somebody
   * else reads it more often than every 100 ms.
   */
  private async lockWaits(): Promise<{ id: string; session: string }[]> {
    const [[report]] = await this.connection.query<RowDataPacket[]>('SHOW ENGINE INNODB STATUS');
    const transactions = String(report?.['Status']).split('---TRANSACTION ').slice(1);
    return transactions.flatMap((text) => {
      const [id] = /^\d+/.exec(text) ?? [];
      const [, session] = /thread id (\d+)/.exec(text) ?? [];
      return id !== undefined && session !== undefined && text.includes('LOCK WAIT') ? [{ id, session }] : [];
    });
  }
}

/**
 * A source whose sessions, and no others of the server, are refused what has changed under their snapshot: the default of
 * MariaDB from 11.6 on. It is an ordinary one where the server knows no such thing.
 * @param connections as many as callers at once, so that nobody has to wait for one
 */
export async function strictSource(url: string, connections: number): Promise<DataSource> {
  const source = await openDataSource({ url, poolSize: connections });
  const known = await source.query<unknown[]>("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'");
  if (known.length === 0) return source;
  const { pool } = source.driver as unknown as { pool: Pool };
  pool.on('connection', (connection) => void connection.query(STRICTLY));
  // The one connection that is open already.
  await source.query(STRICTLY);
  return source;
}

/** Whether a session that `source` hands out is refused what has changed; undefined where the server knows no such thing. */
export async function isStrict(source: DataSource): Promise<boolean | undefined> {
  const [row] = await source.query<{ Value: string }[]>("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'");
  return row && row.Value === 'ON';
}
