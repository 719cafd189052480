import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { OtherSession } from '../../../../test/support/other-session.ts';
import { freshSchema } from '../../../../test/support/services.ts';
import { openDataSource } from '../mysql/data-source.ts';
import { OutboxRow, outboxTable } from '../outbox/outbox-row.ts';
import { ParkedMessageRow, ParkedMessages, parkedMessageTable } from '../rabbit/parked-messages.ts';
import { PublishFailed } from '../rabbit/errors.ts';
import type { Publisher } from '../rabbit/publisher.ts';
import { AnomalyDesk, AnomalyGuide } from './anomaly-desk.ts';
import { AuditRow, auditTable } from './audit.ts';
import type { Row } from './list-page.ts';
import { MessageNeeds, OperatorDesk, type ParkedContent } from './operator-desk.ts';

/** What it was asked about, newest last; it needs what is about orders that have not ended. */
class Needs extends MessageNeeds {
  readonly asked: ParkedContent[] = [];
  override isNeeded = (_em: unknown, message: ParkedContent) => {
    this.asked.push(message);
    return Promise.resolve(message.data.orderNo !== 'ENDED');
  };
}
const needs = new Needs();

/** Holds the anomaly of one order. */
class Guide extends AnomalyGuide {
  override readonly id = 'id';
  /** Anomalies of one order are about the same money. */
  override twins = async (em: EntityManager, row: Row) => {
    const sql = "SELECT id FROM anomaly WHERE order_no = ? AND id <> ? AND state = 'OPEN' ORDER BY id FOR UPDATE";
    return (await em.query<{ id: string }[]>(sql, [row['order_no'], row['id']])).map(({ id }) => id);
  };
  override tell = (_em: unknown, rows: readonly Row[]) =>
    Promise.resolve(
      rows.map((row) => ({
        ...{ happened: `money for ${String(row['order_no'])}`, done: 'booked', open: 'it', whatToDo: 'decide' },
        holds: row['order_no'] === 'HELD' ? 'it waits for a refund' : undefined,
      })),
    );
}

let schema: Awaited<ReturnType<typeof freshSchema>>;
let db: DataSource;
let desk: OperatorDesk;
let anomalies: AnomalyDesk;
let brokerAway = false;
/** What happens while the broker takes a message. */
let meanwhile: (() => Promise<unknown>) | undefined;
const sent: { routingKey: string; messageId: string; body: Buffer | object; headers?: object }[] = [];

beforeAll(async () => {
  schema = await freshSchema('operator');
  db = await openDataSource({ url: schema.url, entities: [AuditRow, OutboxRow, ParkedMessageRow], migrations: [] });
  for (const table of [auditTable, outboxTable, parkedMessageTable]) await db.query(table);
  await db.query(`CREATE TABLE anomaly (id bigint PRIMARY KEY, order_no varchar(26), state varchar(8) NOT NULL,
    closed_at datetime(3) NULL, closed_by varchar(128) NULL, note varchar(255) NULL)`);
  const publisher = {
    publish: async (message: (typeof sent)[number]) => {
      if (brokerAway) throw new PublishFailed('closed', message.messageId);
      sent.push(message);
      await meanwhile?.();
    },
  } as unknown as Publisher;
  desk = new OperatorDesk(db, publisher, needs);
  anomalies = new AnomalyDesk(db, new Guide());
});

afterAll(async () => {
  await db.destroy();
  await schema.drop();
});

beforeEach(async () => {
  for (const table of ['audit', 'outbox', 'parked_message', 'anomaly']) await db.query(`DELETE FROM ${table}`);
  sent.length = 0;
  brokerAway = false;
  meanwhile = undefined;
});

async function parked(body: string, headers = '{}'): Promise<string> {
  const message = { messageId: 'payment.closed:A:1', queue: 'order.payments', type: 'payment.closed', headers };
  await new ParkedMessages(db).store([{ ...message, body: Buffer.from(body), reason: 'odd' }]);
  return String((await desk.parked(undefined)).rows[0]?.['id']);
}
const about = (orderNo: string) => JSON.stringify({ data: { orderNo } });
const deeds = async () =>
  (await desk.audit(undefined)).rows.map(({ actor, action, subject }) => [actor, action, subject]);

describe('the audit table', () => {
  it('is what its row class says', async () => {
    const [server] = await db.query<{ version: string }[]>('SELECT VERSION() AS version');
    const type = server?.version.includes('MariaDB') ? 'mariadb' : 'mysql';
    const reader = await new DataSource({
      ...db.options,
      entities: [AuditRow],
      type,
    } as DataSourceOptions).initialize();
    try {
      const { upQueries } = await reader.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await reader.destroy();
    }
  });
});

describe('a parked message', () => {
  it('is shown with its body and its reason', async () => {
    await parked(about('OPEN'));
    expect((await desk.parked(undefined)).rows).toMatchObject([
      { body: about('OPEN'), reason: 'odd', messageId: 'payment.closed:A:1' },
    ]);
  });

  it('goes back into its inbox under its id, and is audited', async () => {
    expect(await desk.replay(await parked(about('OPEN')), 'olga')).toBe('done');
    expect(sent).toMatchObject([{ exchange: '', routingKey: 'order.payments', messageId: 'payment.closed:A:1' }]);
    expect((await desk.parked(undefined)).rows).toEqual([]);
    expect(await deeds()).toEqual([['olga', 'parked.replay', 'payment.closed:A:1']]);
  });

  it.each([
    [{ traceparent: '00-aa-bb-01', 'x-paypair-attempt': 4, 'x-paypair-reason': 'odd' }, { traceparent: '00-aa-bb-01' }],
    [{ traceparent: 'a b' }, {}],
    [{ traceparent: { a: 1 } }, {}],
    [null, {}],
  ])('goes back with the headers that are its own: of %j', async (headers, kept) => {
    await desk.replay(await parked(about('OPEN'), JSON.stringify(headers)), 'olga');
    expect(sent).toMatchObject([{ headers: kept }]);
  });

  it('stays while the broker is away', async () => {
    const id = await parked(about('OPEN'));
    brokerAway = true;
    expect(await desk.replay(id, 'olga')).toBe('broker-away');
    expect([(await desk.parked(undefined)).rows.length, await deeds()]).toEqual([1, []]);
  });

  it('is worked on by one operator at a time, and audited once', async () => {
    const id = await parked(about('ENDED'));
    const others: string[] = [];
    meanwhile = async () => {
      others.push(await desk.replay(id, 'oskar'), await desk.discard(id, 'oskar'));
    };
    expect([await desk.replay(id, 'olga'), others]).toEqual(['done', ['busy', 'busy']]);
    expect([await desk.replay(id, 'oskar'), await desk.discard(id, 'oskar')]).toEqual(['not-found', 'not-found']);
    expect([sent.length, await deeds()]).toEqual([1, [['olga', 'parked.replay', 'payment.closed:A:1']]]);
  });

  it('that is parked again before its replay has ended is not forgotten', async () => {
    const other = await OtherSession.on(schema.url);
    let again: Promise<string> | undefined;
    meanwhile = () => {
      again = parked(about('OPEN'));
      return Promise.race([again, other.whenOneWaits()]);
    };
    try {
      expect(await desk.replay(await parked(about('OPEN')), 'olga')).toBe('done');
      await again;
      expect((await desk.parked(undefined)).rows).toMatchObject([{ body: about('OPEN'), times: 1 }]);
    } finally {
      await other.end();
    }
  });

  it('is discarded only when the app can no longer need it', async () => {
    const id = await parked(about('OPEN'));
    expect(await desk.discard(id, 'olga')).toBe('still-needed');
    expect(needs.asked.at(-1)).toEqual({ type: 'payment.closed', data: { orderNo: 'OPEN' } });
    await db.query('UPDATE parked_message SET body = ?', [about('ENDED')]);
    expect(await desk.discard(id, 'olga')).toBe('done');
    expect(await desk.discard(id, 'olga')).toBe('not-found');
    expect(await deeds()).toEqual([['olga', 'parked.discard', 'payment.closed:A:1']]);
  });

  it('tells the app what is text in it, and its own type before that it was sent with', async () => {
    const data = { orderNo: 'ENDED', transactionId: '42', totalFee: 1, reason: { sql: 1 } };
    expect(await desk.discard(await parked(JSON.stringify({ type: 'payment.succeeded', data })), 'olga')).toBe('done');
    expect(needs.asked.at(-1)).toEqual({
      ...{ type: 'payment.succeeded', data: { orderNo: 'ENDED', transactionId: '42' } },
    });
  });

  it.each(['nonsense', '{}', '{"data":null}', '{"data":{"orderNo":7}}', '7'])(
    'that is no message of ours can be discarded: %s',
    async (body) => {
      expect(await desk.discard(await parked(body), 'olga')).toBe('done');
    },
  );

  it('of bytes that are no text is listed', async () => {
    const bytes = { messageId: 'odd', queue: 'order.payments', type: '', headers: '{}', reason: 'odd' };
    await new ParkedMessages(db).store([{ ...bytes, body: Buffer.from([0xff, 0xfe, 0x00, 0x41]) }]);
    expect((await desk.parked(undefined)).rows).toMatchObject([{ messageId: 'odd' }]);
    expect(await desk.discard(String((await desk.parked(undefined)).rows[0]?.['id']), 'olga')).toBe('done');
  });
});

describe('an unsent event', () => {
  it('is due at once, and audited', async () => {
    await db.query(
      `INSERT INTO outbox (message_id, type, body, required, created_at, locked_by, locked_until, attempts, last_error)
       VALUES ('order.paid:A', 'order.paid', '{}', 0, UTC_TIMESTAMP(3), 'x', UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, 3, '')`,
    );
    const [row] = (await desk.outbox(undefined)).rows;
    expect(await desk.resend(String(row?.['id']), 'olga')).toBe('done');
    const [due] = await db.query<{ due: number }[]>('SELECT locked_until <= UTC_TIMESTAMP(3) AS due FROM outbox');
    expect(Number(due?.due)).toBe(1);
    expect(await deeds()).toEqual([['olga', 'outbox.resend', 'order.paid:A']]);
    expect(await desk.resend('999999', 'olga')).toBe('not-found');
  });
});

describe('anomalies', () => {
  const put = (...rows: [number, string, string][]) =>
    db.query('INSERT INTO anomaly (id, order_no, state) VALUES ?', [rows]);

  it('are listed newest first, page by page, all or those that are open', async () => {
    await put(
      ...Array.from({ length: 101 }, (_, n): [number, string, string] => [n + 1, `O${n}`, n ? 'OPEN' : 'DONE']),
    );
    const first = await anomalies.list(undefined, undefined);
    expect([first.rows.length, first.next]).toEqual([100, '2']);
    expect(first.rows[0]).toMatchObject({ id: '101', orderNo: 'O100', state: 'OPEN', closableByHand: true });
    expect((await anomalies.list(first.next ?? '', undefined)).rows).toMatchObject([{ state: 'DONE' }]);
    expect(await anomalies.list(undefined, 'DONE')).toMatchObject({ rows: [{ orderNo: 'O0' }], next: null });
    expect(await anomalies.list('1', undefined)).toEqual({ rows: [], next: null });
  });

  it('tell what happened, what was done, what is open and what to do', async () => {
    await put([7, 'HELD', 'OPEN']);
    expect(await anomalies.show('7')).toEqual({
      ...{ id: '7', orderNo: 'HELD', state: 'OPEN', closedAt: null, closedBy: null, note: null },
      ...{ happened: 'money for HELD', done: 'booked', open: 'it', whatToDo: 'decide', closableByHand: false },
    });
    expect(await anomalies.show('8')).toBeUndefined();
  });

  it('are closed by hand once, with who, when and why, and an audit row', async () => {
    await put([7, 'FREE', 'OPEN']);
    const both = await Promise.all([
      anomalies.close('7', 'olga', 'paid in cash'),
      anomalies.close('7', 'oskar', 'too'),
    ]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['closed', 'closed-before']);
    const [row] = await db.query<Record<string, unknown>[]>('SELECT * FROM anomaly');
    expect(row).toMatchObject({ state: 'DONE', closed_at: expect.any(Date) });
    const [deed] = (await desk.audit(undefined)).rows;
    expect(deed).toMatchObject({ action: 'anomaly.close', subject: '7', actor: row?.['closed_by'] });
    const [before, after]: unknown[] = [deed?.['stateBefore'], deed?.['stateAfter']].map(
      (text) => JSON.parse(String(text)) as unknown,
    );
    expect([before, after]).toMatchObject([{ state: 'OPEN' }, { state: 'DONE', note: row?.['note'] }]);
    expect(await deeds()).toHaveLength(1);
  });

  it('are closed with those about the same money by one deed', async () => {
    await put([7, 'FREE', 'OPEN'], [8, 'FREE', 'OPEN'], [9, 'OTHER', 'OPEN'], [10, 'FREE', 'DONE']);
    expect(await anomalies.close('7', 'olga', 'paid in cash')).toEqual({ kind: 'closed' });
    expect((await anomalies.list(undefined, 'OPEN')).rows).toMatchObject([{ id: '9' }]);
    expect(await anomalies.show('8')).toMatchObject({ state: 'DONE', closedBy: 'olga', note: 'paid in cash' });
    expect(await anomalies.show('10')).toMatchObject({ closedBy: null });
    const [deed, ...others] = (await desk.audit(undefined)).rows;
    expect([JSON.parse(String(deed?.['stateAfter'])), others]).toMatchObject([
      { note: 'paid in cash', also: ['8'] },
      [],
    ]);
  });

  it('stay open while they wait for something that closes them', async () => {
    await put([7, 'HELD', 'OPEN']);
    expect(await anomalies.close('7', 'olga', 'away with it')).toEqual({ kind: 'held', why: 'it waits for a refund' });
    expect(await anomalies.close('8', 'olga', 'which?')).toEqual({ kind: 'not-found' });
    expect([await deeds(), (await anomalies.show('7'))?.['state']]).toEqual([[], 'OPEN']);
  });
});
