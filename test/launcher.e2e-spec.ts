import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../tools/services/ports.ts';
import { until } from '../tools/services/until.ts';
import { PROJECT_DIR } from '../tools/stack/paths.ts';

const START_MS = 120_000;

interface Command {
  child: ChildProcess;
  /** Everything it has printed so far. */
  text: () => string;
  /** Its exit code, or the name of the signal that ended it. */
  ended: Promise<number | string>;
}

describe('npm start', () => {
  let dir: string;
  let ports: { PAY_PORT: string; ORDER_PORT: string; SIMULATOR_PORT: string };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'launcher-'));
    const [pay, order, simulator] = await freePorts(3);
    ports = { PAY_PORT: String(pay), ORDER_PORT: String(order), SIMULATOR_PORT: String(simulator) };
  });

  afterAll(async () => {
    await until('nothing of this test runs any more', () => processes().length === 0, START_MS);
    rmSync(dir, { recursive: true, force: true });
  }, START_MS);

  /** Processes with this test's folder in their command line: everything a launcher has started. */
  const processes = (): string[] =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(dir);
      } catch {
        return false;
      }
    });

  const run = (name: string, args: string[] = [], env: Record<string, string> = {}): Command => {
    const child = spawn(process.execPath, [join(PROJECT_DIR, 'dist', 'tools', `${name}.js`), ...args], {
      cwd: PROJECT_DIR,
      env: {
        ...process.env,
        ...ports,
        PAYPAIR_LOCAL_DIR: dir,
        PAYPAIR_SERVICES: 'private',
        NODE_ENV: 'development',
        NODE_OPTIONS: '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<number | string>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
    );
    return { child, text: () => text, ended };
  };

  const ready = async (start: Command): Promise<void> => {
    let ended: number | string | undefined;
    void start.ended.then((code) => (ended = code));
    const up = () => start.text().includes('Storefront') || ended !== undefined;
    await until('npm start is ready', up, START_MS);
    expect([ended, start.text()]).toEqual([undefined, expect.stringContaining('Storefront')]);
  };

  it('names the port that is in use and the setting that changes it, and starts nothing', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(Number(ports.ORDER_PORT), '127.0.0.1', resolve));
    try {
      const start = run('start');
      expect(await start.ended).toBe(1);
      expect(start.text()).toContain(`Port ${ports.ORDER_PORT} is in use`);
      expect(start.text()).toContain('ORDER_PORT=');
      expect(start.text().trim().split('\n')).toHaveLength(1);
      expect(existsSync(join(dir, 'services'))).toBe(false);
    } finally {
      taken.close();
    }
  });

  it('says so when the environment names only some of the services', async () => {
    const start = run('start', [], { PAYPAIR_SERVICES: '', REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await start.ended).toBe(1);
    expect(start.text()).toMatch(/set PAY_MYSQL_URL, ORDER_MYSQL_URL, PAY_AMQP_URL, ORDER_AMQP_URL too, or none/);
  });

  it('names every service of the environment that does not answer', async () => {
    const urls = {
      PAY_MYSQL_URL: 'mysql://a:secret@127.0.0.1:1/a',
      ORDER_MYSQL_URL: 'mysql://a:secret@127.0.0.1:1/a',
      PAY_AMQP_URL: 'amqp://a:secret@127.0.0.1:1/a',
      ORDER_AMQP_URL: 'amqp://a:secret@127.0.0.1:1/a',
      REDIS_URL: 'redis://:secret@127.0.0.1:1',
    };
    const start = run('start', [], { ...urls, PAYPAIR_SERVICES: 'environment' });
    expect(await start.ended).toBe(1);
    for (const name of Object.keys(urls)) expect(start.text()).toContain(`${name}: `);
    expect(start.text()).not.toContain('secret');
  });

  it(
    'brings everything up, lets the other commands use it, and Ctrl-C ends all it started',
    async () => {
      const start = run('start');
      await ready(start);
      expect(statSync(join(dir, 'env')).mode & 0o777).toBe(0o600);
      expect(statSync(join(dir, 'run.json')).mode & 0o777).toBe(0o600);

      const [second, reset, doctor, demo] = [run('start'), run('reset'), run('doctor'), run('demo', ['--json'])];
      expect(await second.ended).toBe(1);
      expect(second.text()).toContain(`already runs here (process ${start.child.pid})`);
      expect(await reset.ended).toBe(1);
      expect(reset.text()).toContain('stop it first');
      expect([await doctor.ended, doctor.text()]).toEqual([0, expect.stringContaining(', 0 wrong')]);
      expect(await demo.ended).toBe(0);
      expect(JSON.parse(demo.text())).toMatchObject({ ok: true, payToPaidMs: expect.any(Number) });

      start.child.kill('SIGINT');
      // Under npm the signal comes twice; the second one must not cut the orderly end short.
      start.child.kill('SIGINT');
      expect(await start.ended).toBe(0);
      expect(processes()).toEqual([]);
      expect(existsSync(join(dir, 'run.json'))).toBe(false);
    },
    START_MS * 2,
  );

  it(
    'ends with its launcher even when that is killed, and starts again with the data that were there',
    async () => {
      const killed = run('start');
      await ready(killed);
      killed.child.kill('SIGKILL');
      await killed.ended;

      const again = run('start');
      await ready(again);
      const demo = run('demo', ['--json']);
      expect(await demo.ended).toBe(0);
      const products = (await (await fetch(`http://127.0.0.1:${ports.ORDER_PORT}/products`)).json()) as {
        stock: number;
      }[];
      // Two demos have bought the first product: this one and the one before the crash.
      expect(products.some(({ stock }) => stock % 100 === 98)).toBe(true);
      again.child.kill('SIGTERM');
      expect(await again.ended).toBe(0);
    },
    START_MS * 2,
  );

  it(
    'says which app has died, with its last lines, and ends everything',
    async () => {
      const start = run('start');
      await ready(start);
      const { pid } = JSON.parse(readFileSync(join(dir, 'apps', 'pay', 'pay.pid'), 'utf8')) as { pid: number };
      process.kill(-pid, 'SIGKILL');
      expect(await start.ended).toBe(1);
      expect(start.text()).toMatch(/pay has ended \(.*Last lines of/);
      expect(processes()).toEqual([]);
    },
    START_MS * 2,
  );

  it('npm run reset removes data and secrets', async () => {
    const reset = run('reset');
    expect(await reset.ended).toBe(0);
    expect(existsSync(join(dir, 'services'))).toBe(false);
    expect(existsSync(join(dir, 'env'))).toBe(false);
  });
});
