/** The schema of one app on the real server, migrated, with an outbox that keeps what it is given: its broker is away. */
import type { DataSource } from 'typeorm';
import { freshSchema } from './services.ts';
import { defaultNames } from '#contract';
import { type DatabaseOptions, migrate, openDataSource, Outbox, PublishFailed } from '#platform';

const away = {
  available: false,
  publish: ({ messageId }: { messageId: string }) => Promise.reject(new PublishFailed('closed', messageId)),
};

export class AppDatabase {
  readonly outbox: Outbox;

  private constructor(
    private readonly schema: Awaited<ReturnType<typeof freshSchema>>,
    readonly source: DataSource,
  ) {
    this.outbox = this.outboxOf(source);
  }

  /** @param name of the schema, before something random */
  static async open(
    name: string,
    schema: Required<Pick<DatabaseOptions, 'entities' | 'migrations'>>,
  ): Promise<AppDatabase> {
    const fresh = await freshSchema(name);
    const source = await openDataSource({ url: fresh.url, ...schema });
    await migrate(source);
    return new AppDatabase(fresh, source);
  }

  get url(): string {
    return this.schema.url;
  }

  /** The outbox of another instance, or of other sessions. */
  outboxOf(source: DataSource): Outbox {
    return new Outbox(source, away, defaultNames);
  }

  async empty(...tables: string[]): Promise<void> {
    for (const table of tables) await this.source.query(`DELETE FROM ${table}`);
  }

  async close(): Promise<void> {
    await this.outbox.stop();
    await this.source.destroy();
    await this.schema.drop();
  }
}
