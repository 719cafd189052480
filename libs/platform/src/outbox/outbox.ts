import { Injectable, Logger } from '@nestjs/common';
import { envelope, type Event, eventClass, eventData, exchangeOf, type TopologyNames } from '#contract';
import type { DataSource, EntityManager } from 'typeorm';
import { failPoint } from '../faults/fail-point.ts';
import { protection } from '../faults/protection.ts';
import { transact } from '../mysql/transact.ts';
import { isInfrastructureTrouble } from '../mysql/trouble.ts';
import { errorText, PublishFailed } from '../rabbit/errors.ts';
import { outboxOldest, outboxRows } from '../rabbit/metrics.ts';
import { MAX_BODY_BYTES, type Publisher } from '../rabbit/publisher.ts';
import { GroupCommit } from '../work/group-commit.ts';
import { processId } from '../work/process-id.ts';
import { Repeating } from '../work/repeating.ts';

/** A row that this process holds the lease of and may publish. */
export interface RecordedRow {
  messageId: string;
  type: Event['type'];
  /** The message as it is sent, JSON. */
  body: string;
  required: boolean;
  lockedBy: string;
}

interface FailedRow {
  row: RecordedRow;
  reason: string;
  /** It was not sent at all: nothing is known against the message, so it is due as soon as the broker is there. */
  unsent: boolean;
}

const LEASE_SECONDS = 10;
const POLL_MS = 1_000;
const CLAIM = 200;
const MEASURE_MS = 10_000;
const MAX_GROUP = 500;

const deletesAfterConfirm = protection('delete-after-confirm');
const rereads = protection('locking-reread');
/** Rows that anybody may take. */
const free = protection('lease') ? 'locked_until <= UTC_TIMESTAMP(3)' : 'TRUE';

/** The part of {@link Publisher} the outbox uses. */
export type OutboxPublisher = Pick<Publisher, 'publish' | 'available'>;

/**
 * Events are written in the transaction of the fact they tell of, published straight after its commit, and deleted when
 * the broker has confirmed them. A process that dies in between leaves a row whose lease ends; any process then sends
 * it, with the same id. So every committed event is sent at least once.
 */
@Injectable()
export class Outbox {
  private readonly logger = new Logger(Outbox.name);
  private readonly cleared: GroupCommit<RecordedRow, undefined>;
  private readonly failed: GroupCommit<FailedRow, undefined>;
  private readonly polling: Repeating;
  private readonly sending = new Set<Promise<void>>();
  private leases = 0;
  private measuredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: OutboxPublisher,
    private readonly names: TopologyNames,
  ) {
    this.cleared = new GroupCommit((rows) => this.remove(rows), { maxBatch: MAX_GROUP });
    this.failed = new GroupCommit((rows) => this.release(rows), { maxBatch: MAX_GROUP });
    this.polling = new Repeating({ name: 'outbox', everyMs: POLL_MS }, () => this.poll());
  }

  /** Starts looking for rows whose lease has ended, once a second. */
  start(): void {
    this.polling.start();
  }

  /** Waits for what is in flight; what is not confirmed by then is free for other processes at once. */
  async stop(): Promise<void> {
    await this.polling.stop();
    while (this.sending.size > 0) await Promise.allSettled(this.sending);
  }

  /**
   * Writes events in the caller's transaction, leased to this process. Pass the answer to `publish` after the commit.
   * An event whose id waits here already is not written again, and left to who holds it.
   * @throws TypeError when an event does not fit its schema: a programming error, nothing is written
   */
  async record(em: EntityManager, events: readonly Event[]): Promise<RecordedRow[]> {
    const lockedBy = this.nextLease();
    const rows = [...new Map(events.map((event) => [event.id, toRow(event, lockedBy)])).values()];
    if (rows.length === 0) return [];
    const values = rows.map(
      () => `(?, ?, ?, ?, UTC_TIMESTAMP(3), ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, 0, '')`,
    );
    // IGNORE is for the id only: all values were checked, none can be cut or changed by it.
    const result = await em.query<{ affectedRows: number }>(
      `INSERT IGNORE INTO outbox
         (message_id, type, body, required, created_at, locked_by, locked_until, attempts, last_error)
       VALUES ${values.join(', ')}`,
      rows.flatMap((row) => [row.messageId, row.type, row.body, row.required ? 1 : 0, lockedBy]),
    );
    if (result.affectedRows === rows.length) return rows;
    const ids = rows.map(({ messageId }) => messageId);
    const written = await em.query<{ message_id: string }[]>(
      'SELECT message_id FROM outbox WHERE message_id IN (?) AND locked_by = ?',
      [ids, lockedBy],
    );
    const ours = new Set(written.map((row) => row.message_id));
    return rows.filter(({ messageId }) => ours.has(messageId));
  }

  /**
   * Publishes rows whose transaction has been committed. Returns at once and never throws: confirmed rows are deleted,
   * the others wait for the next try.
   */
  publish(rows: readonly RecordedRow[]): void {
    for (const row of rows) void this.send(row);
  }

  /** Takes rows whose lease has ended and publishes them, until none is left or the broker is away. */
  async poll(): Promise<void> {
    try {
      await this.measure();
      for (let claimed = CLAIM; claimed === CLAIM && this.publisher.available;) {
        const rows = await this.claim();
        claimed = rows.length;
        await Promise.all(rows.map((row) => this.send(row)));
      }
    } catch (error) {
      // MySQL away is the health check's to tell; here it would be told every second.
      if (!isInfrastructureTrouble(error)) throw error;
    }
  }

  private send(row: RecordedRow): Promise<void> {
    const work = this.attempt(row)
      .catch((error: unknown) => this.logger.warn(`row ${row.messageId}: ${errorText(error)}`))
      .finally(() => this.sending.delete(work));
    this.sending.add(work);
    return work;
  }

  private async attempt(row: RecordedRow): Promise<void> {
    if (!deletesAfterConfirm) await this.cleared.submit(row);
    failPoint('outbox.before-publish', row);
    try {
      await this.publisher.publish({
        exchange: exchangeOf(row.type, this.names),
        routingKey: row.type,
        messageId: row.messageId,
        type: row.type,
        body: Buffer.from(row.body),
        mandatory: row.required,
      });
    } catch (error) {
      const unsent = error instanceof PublishFailed && (error.reason === 'closed' || error.reason === 'full');
      await this.failed.submit({ row, reason: errorText(error), unsent });
      return;
    }
    failPoint('outbox.confirmed', row);
    await this.cleared.submit(row);
  }

  /** A row that another process has taken since, or that was written anew under the same id, is left alone. */
  private async remove(rows: readonly RecordedRow[]): Promise<undefined[]> {
    // Without the hint many ids in a small table mean a full scan, which waits for rows of open transactions.
    const sql =
      'DELETE o FROM outbox o FORCE INDEX (uq_outbox_message) WHERE o.message_id IN (?) AND o.locked_by IN (?)';
    const leases = [...new Set(rows.map(({ lockedBy }) => lockedBy))];
    await transact(this.dataSource, (em) => em.query(sql, [rows.map(({ messageId }) => messageId), leases]));
    return rows.map(() => undefined);
  }

  /** One statement per reason; a row that another process has taken since is left alone. */
  private async release(rows: readonly FailedRow[]): Promise<undefined[]> {
    const groups = new Map<string, FailedRow[]>();
    for (const failed of rows) {
      const key = failed.unsent ? 'unsent' : failed.reason.replace(failed.row.messageId, '');
      groups.set(key, [...(groups.get(key) ?? []), failed]);
    }
    for (const group of groups.values()) await this.releaseGroup(group);
    return rows.map(() => undefined);
  }

  private async releaseGroup(group: readonly FailedRow[]): Promise<void> {
    const [first] = group;
    const wait = first?.unsent ? '0' : 'LEAST(POW(2, LEAST(attempts, 6)), 60)';
    // An absent broker is the connection's to tell.
    if (!first?.unsent) this.logger.warn(`${group.length} messages wait for their next try: ${first?.reason}`);
    await transact(this.dataSource, (em) =>
      em.query(
        `UPDATE outbox FORCE INDEX (uq_outbox_message)
            SET locked_until = UTC_TIMESTAMP(3) + INTERVAL ${wait} SECOND, attempts = attempts + 1, last_error = ?
          WHERE message_id IN (?) AND locked_by IN (?)`,
        [
          first?.reason ?? '',
          group.map(({ row }) => row.messageId),
          [...new Set(group.map(({ row }) => row.lockedBy))],
        ],
      ),
    );
  }

  /** The first read takes no lock: nearly always there is nothing to take. */
  private async claim(): Promise<RecordedRow[]> {
    const expired = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM outbox WHERE ${free} ORDER BY id LIMIT ?`,
      [CLAIM],
    );
    if (expired.length === 0) return [];
    const lockedBy = this.nextLease();
    return transact(this.dataSource, async (em) => {
      const rows = await em.query<ClaimedRow[]>(
        `SELECT id, message_id, type, body, required FROM outbox FORCE INDEX (PRIMARY)
          WHERE id IN (?) ${rereads ? `AND ${free} ORDER BY id FOR UPDATE SKIP LOCKED` : 'ORDER BY id'}`,
        [expired.map(({ id }) => id)],
      );
      if (rows.length === 0) return [];
      await em.query(
        `UPDATE outbox FORCE INDEX (PRIMARY) SET locked_by = ?, locked_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND
          WHERE id IN (?)`,
        [lockedBy, rows.map(({ id }) => id)],
      );
      return rows.map(({ message_id: messageId, type, body, required }) => ({
        messageId,
        type,
        body,
        required: required === 1,
        lockedBy,
      }));
    });
  }

  private async measure(): Promise<void> {
    if (performance.now() - this.measuredAt < MEASURE_MS) return;
    this.measuredAt = performance.now();
    const [row] = await this.dataSource.query<{ waiting: string; oldest: string }[]>(
      `SELECT COUNT(*) AS waiting, COALESCE(TIMESTAMPDIFF(SECOND, MIN(created_at), UTC_TIMESTAMP(3)), 0) AS oldest
         FROM outbox`,
    );
    outboxRows.set(Number(row?.waiting ?? 0));
    outboxOldest.set(Number(row?.oldest ?? 0));
  }

  /** A name per call tells the rows of this call from rows that were there. */
  private nextLease(): string {
    this.leases += 1;
    return `${processId}:${this.leases}`;
  }
}

interface ClaimedRow {
  id: string;
  message_id: string;
  type: Event['type'];
  body: string;
  required: number;
}

const toRow = (event: Event, lockedBy: string): RecordedRow => {
  const checked = envelope.safeParse(event);
  const data = eventData[event.type].safeParse(event.data);
  const issue = (checked.error ?? data.error)?.issues[0];
  if (issue) throw new TypeError(`event ${event.type}: ${issue.path.join('.')}: ${issue.message}`);
  if (!/^[\x21-\x7e]+$/.test(event.id)) throw new TypeError(`event ${event.type}: id is not printable ASCII`);
  const body = JSON.stringify(event);
  if (Buffer.byteLength(body) > MAX_BODY_BYTES)
    throw new TypeError(`event ${event.id} is over ${MAX_BODY_BYTES} bytes`);
  return { messageId: event.id, type: event.type, body, required: eventClass[event.type] === 'required', lockedBy };
};
