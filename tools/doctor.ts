/** `npm run doctor`: what could keep Paypair from running here, each with its repair. */
import { runCommand } from './command.ts';
import { ok, warning, type Finding } from './doctor/finding.ts';
import * as machine from './doctor/machine.ts';
import { oldTimeoutQueues, servers } from './doctor/servers.ts';
import { wechat } from './doctor/wechat.ts';
import { namedByEnvironment } from './services/open-services.ts';
import { LocalEnv } from './stack/local-env.ts';
import { LOCAL } from './stack/paths.ts';
import { RunFile } from './stack/run-file.ts';
import { linksOf, namesOf, payWithinSeconds, portsOf, SEEN_PAY_WITHIN } from './stack/settings.ts';

const HELP = `
npm run doctor: looks at Node, programs, ports, files, the servers, their clocks and settings, and what WeChat needs.

  Uses the servers of a running npm start, or those the environment names. Exit code 1 when something is wrong.`;

const MARK = { ok: 'ok     ', warning: 'warning', error: 'WRONG  ' } as const;

await runCommand(HELP, {}, async () => {
  const run = new RunFile(LOCAL.runFile).read();
  const env = process.env;
  const findings: Finding[] = [machine.node(), ...(await machine.serviceSources())];
  findings.push(...(await machine.ports(run?.stack?.ports ?? portsOf(env), run !== undefined)));
  findings.push(...machine.localFiles(), machine.browser());

  const urls = run?.stack?.urls ?? namedByEnvironment(env);
  if (urls) {
    findings.push(...(await servers(urls)));
    const seen = (LocalEnv.open(LOCAL.env).get(SEEN_PAY_WITHIN) ?? '').split(',').filter(Boolean).map(Number);
    findings.push(...(await oldTimeoutQueues(urls.orderAmqpUrl, namesOf(env), payWithinSeconds(env), seen)));
  } else {
    findings.push(ok('no servers to look at: nothing runs here and the environment names none'));
  }
  if (run?.stack) findings.push(...(await apps(linksOf(run.stack.ports))));
  findings.push(...wechat(env));

  for (const finding of findings) {
    const repair = finding.level === 'ok' ? '' : `\n          repair: ${finding.repair}`;
    process.stdout.write(`${MARK[finding.level]}  ${finding.what}${repair}\n`);
  }
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  process.stdout.write(`\n${count('ok')} ok, ${count('warning')} warnings, ${count('error')} wrong\n`);
  return count('error') === 0 ? 0 : 1;
});

/** Whether each running app calls itself ready, and what it misses. */
async function apps(links: Record<string, string>): Promise<Finding[]> {
  return Promise.all(
    Object.entries(links).map(async ([app, link]) => {
      const answer = await fetch(`${link}/health/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
      const { status } = ((await answer?.json().catch(() => ({}))) ?? {}) as { status?: string };
      if (answer?.ok && status !== 'degraded') return ok(`${app} is ready`);
      const what = `${app} ${answer ? `answers ${answer.status} ${status ?? ''}`.trimEnd() : 'does not answer'}`;
      return warning(what, `look into .local/log/${app}.log and at ${link}/health/ready`);
    }),
  );
}
