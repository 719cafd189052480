import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './apt.ts';

describe('installing Debian packages', () => {
  let dir: string;
  let policy: string;
  let log: string;
  let path: string | undefined;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'apt-'));
    policy = join(dir, 'policy-rc.d');
    log = join(dir, 'log');
    path = process.env['PATH'];
    process.env['PATH'] = `${dir}:${path ?? ''}`;
  });

  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(dir, { recursive: true });
  });

  /** An apt-get that writes down how it was called and what the policy says about starting a service. */
  const aptGet = (installEndsWith: number): void => {
    const script = `#!/bin/sh
"${policy}"; echo "$DEBIAN_FRONTEND $* (start a service: $?)" >>"${log}"
[ "$1" = install ] && { echo 'E: no room' >&2; exit ${installEndsWith}; }
exit 0
`;
    writeFileSync(join(dir, 'apt-get'), script, { mode: 0o755 });
  };
  const calls = () => readFileSync(log, 'utf8').trim().split('\n');
  const install = () => installPackages(['redis-server', 'rabbitmq-server'], () => undefined, policy);

  it('forbids every service to start meanwhile, and nothing afterwards', async () => {
    aptGet(0);
    await install();
    expect(calls()).toEqual([
      'noninteractive update -q (start a service: 101)',
      'noninteractive install -y -q --no-install-recommends redis-server rabbitmq-server (start a service: 101)',
    ]);
    expect(existsSync(policy)).toBe(false);
  });

  it('takes its policy away also when the installation fails, and repeats what apt said', async () => {
    aptGet(100);
    await expect(install()).rejects.toThrow(/failed with 100:\nE: no room/);
    expect(existsSync(policy)).toBe(false);
  });

  it('keeps a policy that was there before', async () => {
    aptGet(0);
    writeFileSync(policy, '#!/bin/sh\nexit 104\n', { mode: 0o755 });
    await install();
    expect(calls()[0]).toContain('(start a service: 104)');
    expect(existsSync(policy)).toBe(true);
  });
});
