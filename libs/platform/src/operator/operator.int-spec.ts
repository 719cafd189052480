import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { freshSchema } from '../../../../test/support/services.ts';
import { openDataSource } from '../mysql/data-source.ts';
import { OutboxRow, outboxTable } from '../outbox/outbox-row.ts';
import { ParkedMessageRow, ParkedMessages, parkedMessageTable } from '../rabbit/parked-messages.ts';
import type { Publisher } from '../rabbit/publisher.ts';
import { AuditRow, auditTable } from './audit.ts';
import { OperatorDesk, OrderEnds } from './operator-desk.ts';

class Ends extends OrderEnds {
  override isFinal = (_em: unknown, orderNo: string) => Promise.resolve(orderNo === 'ENDED');
}

let schema: Awaited<ReturnType<typeof freshSchema>>;
let db: DataSource;
let desk: OperatorDesk;
let brokerAway = false;
const sent: { routingKey: string; messageId: string; body: Buffer | object }[] = [];

beforeAll(async () => {
  schema = await freshSchema('operator');
  db = await openDataSource({ url: schema.url, entities: [AuditRow, OutboxRow, ParkedMessageRow], migrations: [] });
  for (const table of [auditTable, outboxTable, parkedMessageTable]) await db.query(table);
  await db.query('CREATE TABLE anomaly (id bigint PRIMARY KEY, order_no varchar(26), state varchar(8) NOT NULL)');
  const publisher = {
    publish: (message: (typeof sent)[number]) => {
      if (brokerAway) return Promise.reject(new Error('closed'));
      sent.push(message);
      return Promise.resolve();
    },
  } as unknown as Publisher;
  desk = new OperatorDesk(db, publisher, new Ends(), { anomalies: { table: 'anomaly', id: 'id' } });
});

afterAll(async () => {
  await db.destroy();
  await schema.drop();
});

beforeEach(async () => {
  for (const table of ['audit', 'outbox', 'parked_message', 'anomaly']) await db.query(`DELETE FROM ${table}`);
  sent.length = 0;
  brokerAway = false;
});

async function parked(body: string): Promise<string> {
  const message = { messageId: 'payment.closed:A:1', queue: 'order.payments', type: 'payment.closed', headers: '{}' };
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

  it('stays while the broker is away', async () => {
    const id = await parked(about('OPEN'));
    brokerAway = true;
    await expect(desk.replay(id, 'olga')).rejects.toThrow('closed');
    expect([(await desk.parked(undefined)).rows.length, await deeds()]).toEqual([1, []]);
  });

  it('is discarded only when its order can no longer need it', async () => {
    const id = await parked(about('OPEN'));
    expect(await desk.discard(id, 'olga')).toBe('still-needed');
    await db.query('UPDATE parked_message SET body = ?', [about('ENDED')]);
    expect(await desk.discard(id, 'olga')).toBe('done');
    expect(await desk.discard(id, 'olga')).toBe('not-found');
    expect(await deeds()).toEqual([['olga', 'parked.discard', 'payment.closed:A:1']]);
  });

  it('that is no message at all can be discarded', async () => {
    expect(await desk.discard(await parked('nonsense'), 'olga')).toBe('done');
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
  it('are listed newest first, page by page, all or those that are open', async () => {
    const rows = Array.from({ length: 101 }, (_, n) => [n + 1, `O${n}`, n === 0 ? 'DONE' : 'OPEN']);
    await db.query('INSERT INTO anomaly (id, order_no, state) VALUES ?', [rows]);
    const first = await desk.anomalies(undefined, undefined);
    expect([first.rows.length, first.rows[0], first.next]).toEqual([
      100,
      { id: '101', orderNo: 'O100', state: 'OPEN' },
      '2',
    ]);
    expect((await desk.anomalies(first.next ?? '', undefined)).rows).toMatchObject([{ state: 'DONE' }]);
    expect(await desk.anomalies(undefined, 'DONE')).toMatchObject({ rows: [{ orderNo: 'O0' }], next: null });
  });
});
