/** One more process of `pay` beside that of a temporary stack, as behind a load balancer. */
import { join } from 'node:path';
import { freePorts } from '../services/ports.ts';
import { Supervised } from '../services/supervised.ts';
import { PROJECT_DIR } from '../stack/paths.ts';
import { environmentOf } from '../stack/settings.ts';
import type { TemporaryStack } from '../stack/temporary-stack.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/** Starts it and waits until it is ready. @param extra settings on top of the stack's @returns where it listens, and its end */
export async function startSecondPay(
  stack: TemporaryStack,
  extra: Record<string, string> = {},
): Promise<{ url: string; stop: () => Promise<void> }> {
  const [port = 0] = await freePorts(1);
  const second = await Supervised.start({
    name: 'pay-2',
    command: process.execPath,
    args: ['--enable-source-maps', join(PROJECT_DIR, 'dist', 'apps', 'pay', 'src', 'main.js')],
    env: { ...environmentOf('pay', stack.settings), PAY_PORT: String(port), ...extra },
    dir: join(stack.dir, 'apps', 'pay-2'),
    logFile: join(stack.dir, 'log', 'pay-2.log'),
    cwd: PROJECT_DIR,
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  await second.ready(isReady, READY_WITHIN_MS);
  return { url, stop: () => second.stop(STOP_WITHIN_MS) };
}
