import { Logger } from '@nestjs/common';
import type { Logger as TypeOrmLogger } from 'typeorm';

/**
 * What TypeORM has to say, in our log: left to itself it writes to the console, past the form and the scrubbing of all
 * other lines. Statements and their failures are silent here: the error reaches whoever asked.
 */
export class QuietTypeOrm implements TypeOrmLogger {
  private readonly logger = new Logger('typeorm');

  log(level: 'log' | 'info' | 'warn', message: unknown): void {
    if (level === 'warn') this.logger.warn(String(message));
    else this.logger.debug(String(message));
  }

  logQuery(): void {
    // What is asked holds people's data.
  }

  logQueryError(): void {
    // Thrown to whoever asked.
  }

  logQuerySlow(): void {
    // Statements have a deadline.
  }

  logSchemaBuild(): void {
    // Migrations are told by who runs them.
  }

  logMigration(): void {
    // A failure is thrown, with its name: see migrate.ts.
  }
}
