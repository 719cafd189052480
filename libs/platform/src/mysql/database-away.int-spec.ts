import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { freshSchema } from '../../../../test/support/services.ts';
import { startApp } from '../http/start-app.ts';
import { createLogger } from '../log/logger.ts';
import { openDataSource } from './data-source.ts';
import { migrate } from './migrate.ts';
import { Database, MysqlModule } from './mysql.module.ts';
import { transact } from './transact.ts';
import { isInfrastructureTrouble } from './trouble.ts';

class CreateThing1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE thing (id INT PRIMARY KEY)');
    await runner.query('DO SLEEP(0.3)');
    await runner.query('INSERT INTO thing VALUES (1)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE thing');
  }
}

/** A way to the server that can be closed, and that can fall silent with its connections open. */
class Line {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  port = 0;

  constructor(private readonly target: URL) {
    this.server = createServer((near) => {
      const far = connect(Number(this.target.port || 3306), this.target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    });
  }
  async open(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }
  silence(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await new Promise((resolve) => this.server.close(resolve));
  }
  get url(): string {
    return Object.assign(new URL(this.target), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }
}

let schema: Awaited<ReturnType<typeof freshSchema>>;
beforeAll(async () => {
  schema = await freshSchema('platform');
});
afterAll(() => schema.drop());

describe('migrate', () => {
  it('runs once when several processes start together', async () => {
    const own = await freshSchema('platform');
    const options = { url: own.url, migrations: [CreateThing1763700000000] };
    const sources = await Promise.all([openDataSource(options), openDataSource(options), openDataSource(options)]);
    const ran = await Promise.all(sources.map(migrate));
    expect(ran.flat()).toEqual(['CreateThing1763700000000']);
    expect(await sources[0].query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
    expect(await migrate(sources[0])).toEqual([]);
    await Promise.all(sources.map((source) => source.destroy()));
    await own.drop();
  });
});

describe('a server that falls silent', () => {
  it('C3 before it greeted is away, not waited for', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const error = await openDataSource({ url: `mysql://u:TESTONLY@127.0.0.1:${port}/x` }).catch(
      (reason: unknown) => reason,
    );
    expect(isInfrastructureTrouble(error)).toBe(true);
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => mute.close(resolve));
  }, 30_000);

  it('C3 costs a statement its deadline, not the process a connection', async () => {
    const line = new Line(new URL(schema.url));
    await line.open();
    const dataSource = await openDataSource({ url: line.url, poolSize: 1 });
    const error = await transact(dataSource, async (em) => {
      await em.query('SELECT 1');
      line.silence();
      await em.query('SELECT 1');
    }).catch((reason: unknown) => reason);
    expect(isInfrastructureTrouble(error)).toBe(true);
    // The only place in the pool is free again: a new connection takes it.
    expect(await dataSource.query("SELECT 'yes' AS alive")).toEqual([{ alive: 'yes' }]);
    await dataSource.destroy();
    await line.close();
  }, 30_000);
});

describe('an app whose database is away', () => {
  it('C1 starts, is not ready, and is ready once the database is there and migrated', async () => {
    const line = new Line(new URL(schema.url));
    await line.open();
    const { url: mysqlUrl, port } = line;
    await line.close();

    @Module({ imports: [MysqlModule.forRoot({ url: mysqlUrl, migrations: [CreateThing1763700000000] })] })
    class AppModule {}
    const lines: string[] = [];
    const logger = createLogger('test', 'info', { write: (text: string) => void lines.push(text) });
    const { app, url, close } = await startApp(AppModule, {
      name: 'app',
      port: 0,
      logger,
      openapi: false,
      signals: false,
    });
    const ready = async (): Promise<[number, unknown]> => {
      const response = await fetch(`${url}/health/ready`);
      return [response.status, await response.json()];
    };
    expect(await ready()).toEqual([503, { status: 'unavailable', checks: { mysql: 'down' } }]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const early = await transact(app.get(DataSource), () => Promise.resolve()).catch((error: unknown) => error);
    expect(isInfrastructureTrouble(early)).toBe(true);

    const back = new Line(new URL(schema.url));
    await back.open(port);
    await app.get(Database).whenOpen();
    for (let answer = await ready(); ; answer = await ready()) {
      if (answer[0] !== 200) continue;
      expect(answer).toEqual([200, { status: 'ready', checks: { mysql: 'up' } }]);
      break;
    }
    expect(await app.get(DataSource).query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
    expect(lines.join('')).toContain('mysql.away');
    await close();
    expect(app.get(DataSource).isInitialized).toBe(false);
    await back.close();
  }, 30_000);

  it('stops at once while it still waits for the database', async () => {
    const line = new Line(new URL(schema.url));
    await line.open();
    const { url } = line;
    await line.close();
    @Module({ imports: [MysqlModule.forRoot({ url })] })
    class AppModule {}
    const logger = createLogger('test', 'silent');
    const { close } = await startApp(AppModule, { name: 'app', port: 0, logger, openapi: false, signals: false });
    await expect(close()).resolves.toBeUndefined();
  });
});
