import type { EntityManager } from 'typeorm';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** What an operator did: who, when, and how the thing stood before and after. Written with the deed, never changed. */
@Entity('audit')
export class AuditRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;

  @Column('datetime', { name: 'at', precision: 3 })
  at!: Date;

  /** `sub` of the operator's token. */
  @Column({ type: 'varchar', length: 128 })
  actor!: string;

  @Column({ type: 'varchar', length: 32, charset: 'ascii', collation: 'ascii_bin' })
  action!: string;

  /** The number of what was acted on. */
  @Column({ type: 'varchar', length: 128, charset: 'ascii', collation: 'ascii_bin' })
  subject!: string;

  /** JSON. */
  @Column({ type: 'mediumtext', name: 'state_before' })
  stateBefore!: string;

  /** JSON. */
  @Column({ type: 'mediumtext', name: 'state_after' })
  stateAfter!: string;
}

/** For the migration that creates {@link AuditRow}'s table. Runs on MySQL 8.4 and MariaDB 10.11. */
export const auditTable = `CREATE TABLE IF NOT EXISTS audit (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  \`at\` datetime(3) NOT NULL,
  actor varchar(128) NOT NULL,
  action varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state_before mediumtext NOT NULL,
  state_after mediumtext NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`;

export interface Deed {
  actor: string;
  action: string;
  subject: string;
  before: unknown;
  after: unknown;
}

/** Writes what an operator does in the transaction that does it. */
export async function writeAudit(em: EntityManager, { actor, action, subject, before, after }: Deed): Promise<void> {
  await em.query(
    'INSERT INTO audit (`at`, actor, action, subject, state_before, state_after) VALUES (UTC_TIMESTAMP(3), ?, ?, ?, ?, ?)',
    [actor, action, subject, JSON.stringify(before ?? null), JSON.stringify(after ?? null)],
  );
}
