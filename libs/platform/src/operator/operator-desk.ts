import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { transact } from '../mysql/transact.ts';
import { PublishFailed } from '../rabbit/errors.ts';
import { Publisher } from '../rabbit/publisher.ts';
import { writeAudit } from './audit.ts';
import { listPage, type Page } from './list-page.ts';

/** What a parked message says: `type` and `data` of an event that names its order. */
export interface ParkedContent {
  type: string;
  /** The members that are text; numbers of things always are. */
  data: Readonly<Record<string, string | undefined>> & { orderNo: string };
}

/** What the app knows about the messages it is sent. */
export abstract class MessageNeeds {
  /** Whether a message says something that the app has not written down and that still matters. */
  abstract isNeeded(em: EntityManager, message: ParkedContent): Promise<boolean>;
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
    private readonly needs: MessageNeeds,
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
   * Puts a parked message back into the inbox it was for, under the same id, and forgets it once the broker has it. Its
   * row stays locked meanwhile: parked again at once, it is a new row. A crash in between leaves the row; the message
   * comes twice then, which every receiver takes for a repeat.
   */
  replay(id: string, actor: string): Promise<'done' | 'broker-away' | NotThere> {
    return transact(this.dataSource, async (em) => {
      const row = await lockParked(em, id);
      if (typeof row === 'string') return row;
      const { message_id: messageId, queue, type, body } = row;
      const headers = ownHeaders(row.headers);
      const message = { exchange: '', routingKey: queue, messageId, type, body, headers, mandatory: true };
      try {
        await this.publisher.publish(message);
      } catch (error) {
        if (error instanceof PublishFailed) return 'broker-away';
        throw error;
      }
      await forget(em, row, actor, 'parked.replay');
      return 'done';
    });
  }

  /** Forgets a parked message, but only when the app can no longer need it. */
  discard(id: string, actor: string): Promise<'done' | 'still-needed' | NotThere> {
    return transact(this.dataSource, async (em) => {
      const row = await lockParked(em, id);
      if (typeof row === 'string') return row;
      const content = contentOf(row);
      if (content && (await this.needs.isNeeded(em, content))) return 'still-needed';
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

/** Why a row cannot be worked on: there is none, or somebody else is working on it. */
type NotThere = 'not-found' | 'busy';

/** Locked through the unique key, as by who parks the same message at this moment: he waits, nobody deadlocks. */
async function lockParked(em: EntityManager, id: string): Promise<Parked | NotThere> {
  const [found] = await em.query<Record<'message_id' | 'queue' | 'digest', string>[]>(
    'SELECT message_id, queue, digest FROM parked_message WHERE id = ?',
    [id],
  );
  if (!found) return 'not-found';
  const [row] = await em.query<Parked[]>(
    `SELECT * FROM parked_message FORCE INDEX (uq_parked_message)
     WHERE message_id = ? AND queue = ? AND digest = ? AND id = ? FOR UPDATE SKIP LOCKED`,
    [found.message_id, found.queue, found.digest, id],
  );
  return row ?? 'busy';
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

/** What a message says; undefined for one that names no order, and for what is no message at all. */
function contentOf({ type: sentAs, body }: Parked): ParkedContent | undefined {
  try {
    const { type = sentAs, data } = JSON.parse(body.toString('utf8')) as { type?: unknown; data?: object };
    const texts = Object.entries(data ?? {}).filter(
      (member): member is [string, string] => typeof member[1] === 'string',
    );
    const { orderNo, ...others } = Object.fromEntries(texts);
    return orderNo === undefined ? undefined : { type: String(type), data: { ...others, orderNo } };
  } catch {
    return undefined;
  }
}
