import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLock } from './data-lock.ts';

describe('DataLock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const leave = async (holder: object | string, touchedAgoMs = 0): Promise<void> => {
    const path = join(folder, 'lock');
    await writeFile(path, typeof holder === 'string' ? holder : JSON.stringify({ id: 'x', ...holder }));
    const at = new Date(Date.now() - touchedAgoMs);
    await utimes(path, at, at);
  };
  const take = async (): Promise<string> => {
    try {
      await (await DataLock.take(folder)).release();
      return 'taken';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  const endedPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

  it('is for one at a time, also within one process', async () => {
    const first = await DataLock.take(folder);
    expect(await take()).toMatch(`Another simulator (process ${process.pid} on ${hostname()}) uses ${folder}`);
    await first.release();
    expect(await take()).toBe('taken');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is kept out by a process that runs, not by one that was killed', async () => {
    await leave({ pid: process.ppid, host: hostname() }, 60_000);
    expect(await take()).toMatch(/Another simulator/);
    await leave({ pid: endedPid(), host: hostname() });
    expect(await take()).toBe('taken');
  });

  it('does not mistake itself for the one before: in a container all have the same number', async () => {
    await leave({ pid: process.pid, host: hostname() });
    expect(await take()).toBe('taken');
  });

  it('goes by the last sign of life of another machine', async () => {
    await leave({ pid: 1, host: 'another' }, 5_000);
    expect(await take()).toMatch(/process 1 on another/);
    await leave({ pid: 1, host: 'another' }, 60_000);
    expect(await take()).toBe('taken');
  });

  it('is not stopped by a file that a crash left half written', async () => {
    await leave('{"pid":');
    expect(await take()).toBe('taken');
  });
});
