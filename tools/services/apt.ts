/** Installs Debian packages without letting them start a service of the machine. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from './binaries.ts';
import { Refusal } from './refusal.ts';

/** Asked by Debian's package scripts whether a service may be started; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Whether packages can be installed here without asking anybody: Debian or Ubuntu, as root. */
export const canInstall = (): boolean =>
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined;

/** The line to paste where {@link canInstall} says no. */
export function installLine(packages: readonly string[]): string {
  if (process.platform === 'darwin') return 'brew install mariadb redis rabbitmq';
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Runs `apt-get update` and `apt-get install`. No service is started meanwhile: a temporary policy-rc.d forbids it, and is
 * taken away again also when the installation fails. A policy that is there already is kept as it is.
 * @throws Refusal with apt's last lines
 */
export async function installPackages(
  packages: readonly string[],
  say: (line: string) => void,
  policy = POLICY,
): Promise<void> {
  say(`Installing Debian packages: ${packages.join(' ')} (no service of this machine is started) …`);
  const ownPolicy = !existsSync(policy);
  if (ownPolicy) {
    writeFileSync(policy, '#!/bin/sh\n# Written by Paypair for the time of one installation.\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  const remove = () => {
    if (ownPolicy && existsSync(policy) && readFileSync(policy, 'utf8').includes('Paypair')) rmSync(policy);
  };
  process.once('exit', remove);
  try {
    await apt(['update', '-q']);
    await apt(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
}

function apt(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('apt-get', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    });
    let printed = '';
    const keep = (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-2_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Refusal(`apt-get ${args.join(' ')} failed with ${code}:\n${printed.trim()}`));
    });
  });
}
