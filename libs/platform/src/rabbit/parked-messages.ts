import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ConsumeMessage } from 'amqplib';
import { Column, type DataSource, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { transact } from '../mysql/transact.ts';
import { headersOf, idOf, QUEUE_HEADER, REASON_HEADER, typeOf } from './forwarding.ts';

/**
 * A message that could not be handled, kept with its bytes until someone decides. The same message parked again (after
 * a replay, say) is the same row: newest reason, and how often. Other bytes under the same id are another row, so that
 * nobody can wipe out what waits here.
 */
@Entity('parked_message')
@Index('uq_parked_message', ['messageId', 'queue', 'digest'], { unique: true })
export class ParkedMessageRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;

  @Column({ type: 'varchar', name: 'message_id', length: 128, charset: 'ascii', collation: 'ascii_bin' })
  messageId!: string;

  /** The inbox it was for. */
  @Column({ type: 'varchar', length: 128, charset: 'ascii', collation: 'ascii_bin' })
  queue!: string;

  @Column({ type: 'varchar', length: 64, charset: 'ascii', collation: 'ascii_bin' })
  type!: string;

  @Column('mediumblob')
  body!: Buffer;

  /** SHA-256 of the body, hexadecimal. */
  @Column({ type: 'varchar', length: 64, charset: 'ascii', collation: 'ascii_bin' })
  digest!: string;

  /** JSON object. */
  @Column('mediumtext')
  headers!: string;

  @Column({ type: 'varchar', length: 255 })
  reason!: string;

  @Column('int', { unsigned: true })
  times!: number;

  @Column('datetime', { name: 'first_parked_at', precision: 3 })
  firstParkedAt!: Date;

  @Column('datetime', { name: 'parked_at', precision: 3 })
  parkedAt!: Date;
}

/** For the migration that creates {@link ParkedMessageRow}'s table. Runs on MySQL 8.4 and MariaDB 10.11. */
export const parkedMessageTable = `CREATE TABLE IF NOT EXISTS parked_message (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  queue varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body mediumblob NOT NULL,
  digest varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  headers mediumtext NOT NULL,
  reason varchar(255) NOT NULL,
  times int unsigned NOT NULL,
  first_parked_at datetime(3) NOT NULL,
  parked_at datetime(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_parked_message (message_id, queue, digest)
) ENGINE=InnoDB`;

/** One message of the parked queue, ready to be stored. */
export type ParkedMessage = Pick<ParkedMessageRow, 'messageId' | 'queue' | 'type' | 'body' | 'headers' | 'reason'>;

/** What is stored of a message; `inbox` is the queue it was for, unless the message itself says. */
export const parkedMessage = (message: ConsumeMessage, inbox: string): ParkedMessage => {
  const headers = headersOf(message);
  return {
    messageId: idOf(message),
    queue: ascii(headers[QUEUE_HEADER], inbox),
    type: typeOf(message),
    body: message.content,
    headers: headersJson(headers),
    reason: reasonOf(headers),
  };
};

/** Writes parked messages down, where they can be listed; the queue behind an inbox is only their way there. */
@Injectable()
export class ParkedMessages {
  constructor(private readonly dataSource: DataSource) {}

  /** Stores all or none. Storing the same message again is no second row. */
  async store(messages: readonly ParkedMessage[]): Promise<void> {
    await transact(this.dataSource, async (em) => {
      for (const { messageId, queue, type, body, headers, reason } of messages) {
        await em.query(
          `INSERT INTO parked_message
             (message_id, queue, type, body, digest, headers, reason, times, first_parked_at, parked_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
           ON DUPLICATE KEY UPDATE headers = ?, reason = ?, times = times + 1, parked_at = UTC_TIMESTAMP(3)`,
          [messageId, queue, type, body, digestOf(body), headers, reason, headers, reason],
        );
      }
    });
  }
}

const digestOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

const MAX_HEADERS_CHARACTERS = 64 * 1024;

const headersJson = (headers: Record<string, unknown>): string => {
  const text = JSON.stringify(headers);
  return text.length > MAX_HEADERS_CHARACTERS ? JSON.stringify({ omitted: `${text.length} characters` }) : text;
};

/** Ours says why; what the broker itself put aside (delivery limit) says it in `x-first-death-reason`. */
const reasonOf = (headers: Record<string, unknown>): string => {
  const ours = headers[REASON_HEADER];
  if (typeof ours === 'string' && ours !== '' && headers[QUEUE_HEADER] !== undefined) return ours.slice(0, 255);
  const death = headers['x-first-death-reason'];
  return typeof death === 'string' ? `put aside by the broker: ${death.slice(0, 64)}` : 'put aside by a stranger';
};

const ascii = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value) ? value : otherwise;
