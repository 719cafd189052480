/** Another session of the database server, to stand in the way of the one that is tested. */
import { setTimeout as pause } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';

/** The server renews its list of transactions when it was not read for 100 ms. */
const LOOK_EVERY_MS = 150;

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
      const [rows] = await this.connection.query<RowDataPacket[]>(
        `SELECT CONCAT(t.trx_mysql_thread_id, ' ', t.trx_started) AS which FROM information_schema.INNODB_TRX t
           JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
          WHERE t.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()`,
      );
      const which = rows.map((row) => String(row['which'])).find((one) => one !== before);
      if (which !== undefined) return which;
      await pause(LOOK_EVERY_MS);
    }
  }

  /**
   * Whether sessions opened from now on are refused what has changed under their snapshot: the default of MariaDB from
   * 11.6 on. @returns false where the server knows no such thing
   */
  async snapshotIsolation(state: 'ON' | 'OFF'): Promise<boolean> {
    const [known] = await this.connection.query<RowDataPacket[]>(
      "SHOW GLOBAL VARIABLES LIKE 'innodb_snapshot_isolation'",
    );
    if (known.length > 0) await this.connection.query(`SET GLOBAL innodb_snapshot_isolation = ${state}`);
    return known.length > 0;
  }
}
