import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { transact } from '../mysql/transact.ts';
import { Publisher } from '../rabbit/publisher.ts';
import { writeAudit } from './audit.ts';
import { listPage, type Page } from './list-page.ts';

/** What the app knows about its orders. */
export abstract class OrderEnds {
  /** Whether nothing can happen to this order any more, so that a message about it is of no use. */
  abstract isFinal(em: EntityManager, orderNo: string): Promise<boolean>;
}

interface Parked {
  id: string;
  message_id: string;
  queue: string;
  type: string;
  body: Buffer;
  /** JSON object. */
  headers: string;
  reason: string;
}

/** Lists and repairs what the app could not finish by itself. Every repair leaves an audit row in its transaction. */
@Injectable()
export class OperatorDesk {
  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: Publisher,
    private readonly ends: OrderEnds,
  ) {}

  parked(cursor: string | undefined): Promise<Page> {
    const columns =
      'id, message_id, queue, type, CONVERT(body USING utf8mb4) AS body, reason, times, first_parked_at, parked_at';
    return listPage(
      this.dataSource,
      `SELECT ${columns} FROM parked_message WHERE id < ? ORDER BY id DESC`,
      'id',
      cursor,
    );
  }

  outbox(cursor: string | undefined): Promise<Page> {
    return listPage(this.dataSource, 'SELECT * FROM outbox WHERE id < ? ORDER BY id DESC', 'id', cursor);
  }

  audit(cursor: string | undefined): Promise<Page> {
    return listPage(this.dataSource, 'SELECT * FROM audit WHERE id < ? ORDER BY id DESC', 'id', cursor);
  }

  /**
   * Puts a parked message back into the inbox it was for, under the same id, and forgets it once the broker has it. A
   * crash in between leaves the row: the message comes twice then, which every receiver takes for a repeat.
   */
  async replay(id: string, actor: string): Promise<'done' | 'not-found'> {
    const [row] = await this.dataSource.query<Parked[]>('SELECT * FROM parked_message WHERE id = ?', [id]);
    if (!row) return 'not-found';
    const { message_id: messageId, queue, type, body } = row;
    const headers = ownHeaders(row.headers);
    await this.publisher.publish({ exchange: '', routingKey: queue, messageId, type, body, headers, mandatory: true });
    await transact(this.dataSource, (em) => forget(em, row, actor, 'parked.replay'));
    return 'done';
  }

  /** Forgets a parked message, but only when its order can no longer need it. */
  discard(id: string, actor: string): Promise<'done' | 'not-found' | 'still-needed'> {
    return transact(this.dataSource, async (em) => {
      const [row] = await em.query<Parked[]>('SELECT * FROM parked_message WHERE id = ? FOR UPDATE', [id]);
      if (!row) return 'not-found';
      const orderNo = orderNoOf(row.body);
      if (orderNo !== undefined && !(await this.ends.isFinal(em, orderNo))) return 'still-needed';
      await forget(em, row, actor, 'parked.discard');
      return 'done';
    });
  }

  /** Makes an unsent event due at once, whoever holds it. */
  resend(id: string, actor: string): Promise<'done' | 'not-found'> {
    return transact(this.dataSource, async (em) => {
      const [row] = await em.query<{ message_id: string; locked_until: Date }[]>(
        'SELECT message_id, locked_until FROM outbox WHERE id = ? FOR UPDATE',
        [id],
      );
      if (!row) return 'not-found';
      await em.query('UPDATE outbox SET locked_until = UTC_TIMESTAMP(3) WHERE id = ?', [id]);
      const [after] = await em.query<{ locked_until: Date }[]>('SELECT locked_until FROM outbox WHERE id = ?', [id]);
      const [before, now] = [{ dueAt: row.locked_until }, { dueAt: after?.locked_until }];
      await writeAudit(em, { actor, action: 'outbox.resend', subject: row.message_id, before, after: now });
      return 'done';
    });
  }
}

async function forget(em: EntityManager, row: Parked, actor: string, action: string): Promise<void> {
  await em.query('DELETE FROM parked_message WHERE id = ?', [row.id]);
  const before = { queue: row.queue, type: row.type, reason: row.reason, body: row.body.toString('base64') };
  await writeAudit(em, { actor, action, subject: row.message_id, before, after: null });
}

/** Headers that belong to the message; those that say how often and why it was put aside begin anew. */
function ownHeaders(json: string): Record<string, string> {
  try {
    const { traceparent } = JSON.parse(json) as Record<string, unknown>;
    return typeof traceparent === 'string' && /^[\x21-\x7e]{1,255}$/.test(traceparent) ? { traceparent } : {};
  } catch {
    return {};
  }
}

/** The order a message is about; undefined for one that names none, and for what is no message at all. */
function orderNoOf(body: Buffer): string | undefined {
  try {
    const { data } = JSON.parse(body.toString('utf8')) as { data?: { orderNo?: unknown } };
    return typeof data?.orderNo === 'string' ? data.orderNo : undefined;
  } catch {
    return undefined;
  }
}
