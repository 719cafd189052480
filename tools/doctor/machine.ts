/** What this machine brings along: Node, packages' programs, ports, files. */
import { execFileSync } from 'node:child_process';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { canInstall, installLine } from '../services/apt.ts';
import { findBinaries } from '../services/binaries.ts';
import { dockerWorks } from '../services/docker-services.ts';
import { isPortFree } from '../services/ports.ts';
import { LOCAL, PROJECT_DIR } from '../stack/paths.ts';
import { APPS, PORTS, type AppPorts } from '../stack/settings.ts';
import { findBrowser } from '../testing/browser.ts';
import { ok, warning, wrong, type Finding } from './finding.ts';

const LOW_SPACE_BYTES = 1024 ** 3;
const OWNER_ONLY = 0o600;

/** Node runs this, so it is new enough (tools/run.mjs checks); older lines get no security fixes any more. */
export function node(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const what = `Node ${process.versions.node}`;
  return major >= 22 ? ok(what) : warning(what, 'fine for trying it out; run production on Node 22 or 24 LTS');
}

export async function serviceSources(): Promise<Finding[]> {
  const docker = await dockerWorks();
  const programs = findBinaries();
  const findings = [docker ? ok('Docker Compose answers') : ok('no Docker engine answers (not needed)')];
  if ('found' in programs) {
    const { mysqld, redis, rabbitmq } = programs.found;
    findings.push(
      ok(`MySQL: ${versionOf(mysqld, '--version')}`),
      ok(`Redis: ${versionOf(redis, '--version')}`),
      ok(`RabbitMQ: ${rabbitmq}`),
    );
    return findings;
  }
  const what = `not installed: ${programs.missing.join(', ')}`;
  if (docker) findings.push(ok(`${what} (not needed with Docker Compose)`));
  else if (canInstall()) findings.push(warning(what, 'npm start installs them'));
  else findings.push(wrong(what, installLine(programs.missing)));
  return findings;
}

export async function ports(chosen: AppPorts, running: boolean): Promise<Finding[]> {
  if (running) return [ok(`npm start runs here, on ports ${Object.values(chosen).join(', ')}`)];
  return Promise.all(
    APPS.map(async (app) => {
      const port = chosen[app];
      if (await isPortFree(port)) return ok(`port ${port} is free for ${app}`);
      return wrong(`port ${port} (${app}) is in use`, `end the program that uses it, or set ${PORTS[app].setting}`);
    }),
  );
}

export function localFiles(): Finding[] {
  const { bavail, bsize } = statfsSync(PROJECT_DIR);
  const free = bavail * bsize;
  const space = `${(free / LOW_SPACE_BYTES).toFixed(1)} GiB free on this disk`;
  const findings = [
    free < LOW_SPACE_BYTES ? warning(space, 'RabbitMQ stops taking messages when it runs out: make room') : ok(space),
  ];
  if (existsSync(LOCAL.env)) {
    const mode = statSync(LOCAL.env).mode & 0o777;
    const what = `.local/env has mode ${mode.toString(8)}`;
    findings.push(
      mode === OWNER_ONLY ? ok(what) : wrong(`${what}: others can read its secrets`, 'chmod 600 .local/env'),
    );
  }
  return findings;
}

export function browser(): Finding {
  const found = findBrowser();
  if (found) return ok(`browser for the end-to-end tests: ${found}`);
  return warning(
    'no Chromium for the end-to-end tests',
    canInstall() ? 'npm test installs it' : installLine(['chromium']),
  );
}

function versionOf(program: string, flag: string): string {
  try {
    const text = execFileSync(program, [flag], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
    });
    return text.trim().split('\n')[0] ?? program;
  } catch {
    return program;
  }
}
