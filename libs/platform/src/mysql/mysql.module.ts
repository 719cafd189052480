import { type DynamicModule, Inject, Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Health } from '../health/health.ts';
import { Shutdown } from '../work/shutdown.ts';
import { createDataSource, type DatabaseOptions } from './data-source.ts';
import { migrate } from './migrate.ts';
import { isInfrastructureTrouble } from './trouble.ts';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/**
 * Opens and migrates the app's database in the background, so that the app starts, says it is not ready, and serves as
 * soon as MySQL is there.
 */
@Injectable()
export class Database implements OnModuleInit {
  private readonly logger = new Logger('mysql');
  private opened = false;
  private announce: () => void = () => undefined;
  private readonly opening = new Promise<void>((resolve) => {
    this.announce = resolve;
  });
  private readonly stopping = new AbortController();

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    health: Health,
    shutdown: Shutdown,
  ) {
    health.register('mysql', () => this.isUsable(), { required: true });
    shutdown.on('connections', 'mysql', () => this.close());
  }

  /** Reached and migrated once; whether it answers now is the probe's business. */
  get isOpen(): boolean {
    return this.opened;
  }

  /**
   * Whether work can be done with it now: it is open, it answers, and it takes writes. After a failover a server may
   * answer and be read-only; then nothing can be settled, and whoever asks should go elsewhere.
   * @throws what the server says when it cannot be asked
   */
  async isUsable(): Promise<boolean> {
    if (!this.opened) return false;
    const [row] = await this.dataSource.query<{ readOnly: unknown }[]>('SELECT @@GLOBAL.read_only AS readOnly');
    return ['0', 'OFF'].includes(String(row?.readOnly));
  }

  /** Settles when the database was reached and migrated. */
  whenOpen(): Promise<void> {
    return this.opening;
  }

  onModuleInit(): void {
    void this.open();
  }

  private async open(): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; !this.stopping.signal.aborted; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      try {
        if (!this.dataSource.isInitialized) await this.dataSource.initialize();
        const ran = await migrate(this.dataSource);
        if (ran.length > 0) this.logger.log({ event: 'mysql.migrated', migrations: ran });
        await this.warnAboutDurability();
        this.opened = true;
        this.announce();
        return;
      } catch (error) {
        this.report(error, delayMs);
        // What a start that broke off left behind would add up.
        if (!this.dataSource.isInitialized) await this.dataSource.driver.disconnect().catch(() => undefined);
        await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  private report(error: unknown, retryInMs: number): void {
    if (isInfrastructureTrouble(error)) this.logger.warn(error, { event: 'mysql.away', retryInMs });
    else this.logger.error(error, { event: 'mysql.not-migrated', retryInMs });
  }

  private async close(): Promise<void> {
    this.stopping.abort();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  /** With other settings than these a power cut may take the last second of commits, money included. */
  private async warnAboutDurability(): Promise<void> {
    const rows = await this.dataSource.query<{ flush_log: unknown; log_bin: unknown; sync_binlog: unknown }[]>(
      'SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush_log, @@GLOBAL.log_bin AS log_bin, @@GLOBAL.sync_binlog AS sync_binlog',
    );
    const [row] = rows;
    if (row === undefined) return;
    if (Number(row.flush_log) !== 1) {
      this.logger.warn({ event: 'mysql.not-durable' }, 'set innodb_flush_log_at_trx_commit=1: commits may be lost');
    }
    if (Number(row.log_bin) === 1 && Number(row.sync_binlog) !== 1) {
      this.logger.warn({ event: 'mysql.not-durable' }, 'set sync_binlog=1: the binary log may lose commits');
    }
  }
}

/** Gives an app its `DataSource` and {@link Database}, everywhere, with probe and orderly close. */
@Module({})
export class MysqlModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
    return {
      module: MysqlModule,
      global: true,
      providers: [{ provide: DataSource, useFactory: () => createDataSource(options) }, Database],
      exports: [DataSource, Database],
    };
  }
}
