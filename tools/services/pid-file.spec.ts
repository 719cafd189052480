import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, PidFile } from './pid-file.ts';

const MARK = 'paypair-pid-file-spec';

describe('a pid file', () => {
  let dir: string;
  let file: string;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pid-file-'));
    file = join(dir, 'x.pid');
  });

  afterEach(async () => {
    const ended =
      child?.exitCode === null && child.signalCode === null && new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true });
  });

  const start = async (mark: string): Promise<number> => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark], { detached: true, stdio: 'ignore' });
    await new Promise((resolve) => child?.once('spawn', resolve));
    return child.pid ?? 0;
  };

  it('knows the process that was written into it', async () => {
    const pid = await start(MARK);
    const pidFile = new PidFile(file, MARK);
    pidFile.write(pid);
    expect(pidFile.running()).toBe(pid);
  });

  it.each([
    ['is missing', undefined],
    ['is damaged', '{"pid":'],
    ['holds no number', '{"pid":"12; rm -rf /"}'],
    ['names the process that started everything', '{"pid":1,"startedAt":"0"}'],
    ['names a process that is dead', '{"pid":4194999,"startedAt":"1"}'],
  ])('names nobody when it %s', (_, text) => {
    if (text !== undefined) writeFileSync(file, text);
    expect(new PidFile(file, MARK).running()).toBeUndefined();
  });

  it('leaves a stranger alone that has got the number since', async () => {
    const pid = await start(MARK);
    writeFileSync(file, JSON.stringify({ pid, startedAt: 'long ago' }));
    await new PidFile(file, MARK).endLeftOver();
    expect(inspect(pid)).toBeDefined();
    expect(existsSync(file)).toBe(false);
  });

  it('leaves a process alone whose command line is not ours', async () => {
    const pid = await start('something-else');
    new PidFile(file, MARK).write(pid);
    await new PidFile(file, MARK).endLeftOver();
    expect(inspect(pid)).toBeDefined();
  });

  it('ends a process of ours that an earlier start left behind', async () => {
    const pid = await start(MARK);
    const pidFile = new PidFile(file, MARK);
    pidFile.write(pid);
    await pidFile.endLeftOver();
    expect(pidFile.running()).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });
});
