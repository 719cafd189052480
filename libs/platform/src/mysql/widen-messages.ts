import type { QueryRunner } from 'typeorm';

const tables = [
  `ALTER TABLE outbox DEFAULT CHARACTER SET utf8mb4,
     MODIFY body mediumtext CHARACTER SET utf8mb4 NOT NULL,
     MODIFY last_error varchar(255) CHARACTER SET utf8mb4 NOT NULL`,
  `ALTER TABLE parked_message DEFAULT CHARACTER SET utf8mb4,
     MODIFY headers mediumtext CHARACTER SET utf8mb4 NOT NULL,
     MODIFY reason varchar(255) CHARACTER SET utf8mb4 NOT NULL`,
];

/**
 * For the migration that makes room for every character in waiting and parked messages. Their tables took the schema's
 * own character set: in one that was made as latin1, the title of an order became question marks on its way, and a
 * message could not be parked. Nothing changes where the schema is utf8mb4, or when it is done again.
 */
export async function widenMessages(runner: QueryRunner): Promise<void> {
  for (const sql of tables) await runner.query(sql);
}
