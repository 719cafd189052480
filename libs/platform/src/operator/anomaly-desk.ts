import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { transact } from '../mysql/transact.ts';
import { writeAudit } from './audit.ts';
import { camelCased, listPage, type Page, type Row } from './list-page.ts';

/** One anomaly in words. */
export interface AnomalyStory {
  happened: string;
  done: string;
  open: string;
  whatToDo: string;
  /** Why it cannot be closed by hand yet; undefined when it can. */
  holds: string | undefined;
}

/** What the app knows about its anomalies. Its table is `anomaly`, with `state`, `closed_at`, `closed_by` and `note`. */
export abstract class AnomalyGuide {
  /** The column that counts the rows up. */
  abstract readonly id: 'id' | 'anomaly_id';
  /** Tells rows (columns as in MySQL), in their order. */
  abstract tell(em: EntityManager, rows: readonly Row[]): Promise<AnomalyStory[]>;
  /** Locks and answers the ids of the other open anomalies about the same money: whatever settles it settles them. */
  abstract twins(em: EntityManager, row: Row): Promise<string[]>;
}

export type Closed = { kind: 'closed' } | { kind: 'not-found' | 'closed-before' } | { kind: 'held'; why: string };

/** Shows money and refunds that do not fit, and closes by hand what was settled outside. */
@Injectable()
export class AnomalyDesk {
  constructor(
    private readonly dataSource: DataSource,
    private readonly guide: AnomalyGuide,
  ) {}

  /** Newest first; `next` is the cursor of the following page. */
  async list(cursor: string | undefined, state: string | undefined): Promise<Page> {
    const { id } = this.guide;
    const where = state === undefined ? '' : 'AND state = ?';
    const sql = `SELECT ${id} FROM anomaly WHERE ${id} < ? ${where} ORDER BY ${id} DESC`;
    const { rows, next } = await listPage(this.dataSource, sql, id, cursor, ...(state === undefined ? [] : [state]));
    const ids = rows.map((row) => Object.values(row)[0]);
    if (ids.length === 0) return { rows: [], next };
    const full = await this.dataSource.query<Row[]>(`SELECT * FROM anomaly WHERE ${id} IN (?) ORDER BY ${id} DESC`, [
      ids,
    ]);
    return { rows: await this.told(this.dataSource.manager, full), next };
  }

  async show(anomalyId: string): Promise<Row | undefined> {
    const rows = await this.dataSource.query<Row[]>(`SELECT * FROM anomaly WHERE ${this.guide.id} = ?`, [anomalyId]);
    return (await this.told(this.dataSource.manager, rows))[0];
  }

  /**
   * Closes an anomaly that was settled in a way the app cannot see, and with it those about the same money, so that nobody
   * gives it back once more. What closes by itself, or by a decision, is held.
   */
  close(anomalyId: string, actor: string, note: string): Promise<Closed> {
    const { id } = this.guide;
    return transact(this.dataSource, async (em): Promise<Closed> => {
      const [row] = await em.query<Row[]>(`SELECT * FROM anomaly WHERE ${id} = ? FOR UPDATE`, [anomalyId]);
      if (!row) return { kind: 'not-found' };
      if (row['state'] !== 'OPEN') return { kind: 'closed-before' };
      const also = await this.guide.twins(em, row);
      const [story] = await this.guide.tell(em, [row]);
      if (story?.holds !== undefined) return { kind: 'held', why: story.holds };
      await em.query(
        `UPDATE anomaly SET state = 'DONE', closed_at = UTC_TIMESTAMP(3), closed_by = ?, note = ?
         WHERE ${id} IN (?) AND state = 'OPEN'`,
        [actor, note, [anomalyId, ...also]],
      );
      const [after] = await em.query<Row[]>(`SELECT * FROM anomaly WHERE ${id} = ?`, [anomalyId]);
      const deed = { actor, action: 'anomaly.close', subject: anomalyId, before: camelCased(row) };
      await writeAudit(em, { ...deed, after: { ...(after && camelCased(after)), also } });
      return { kind: 'closed' };
    });
  }

  private async told(em: EntityManager, rows: readonly Row[]): Promise<Row[]> {
    const stories = rows.length === 0 ? [] : await this.guide.tell(em, rows);
    return rows.map((row, index) => {
      const { holds, ...story } = stories[index] ?? {};
      return { ...camelCased(row), ...story, closableByHand: row['state'] === 'OPEN' && holds === undefined };
    });
  }
}
