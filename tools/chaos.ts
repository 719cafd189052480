/** `npm run chaos`: a shop full of buyers, everything that can go wrong, and the proof that no money was lost. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { runMutants } from './chaos/mutants.ts';
import { drawPlan } from './chaos/draw.ts';
import { plan as planSchema, type Plan } from './chaos/plan.ts';
import { runPlan, type Report } from './chaos/run.ts';
import { runCommand, say } from './command.ts';
import { Refusal } from './services/refusal.ts';

const HELP = `
npm run chaos [-- --seed N] [--seconds S] [--instances 1|2] [--plan FILE] [--print] [--json] [--keep]
npm run chaos:mutants [-- --only NAME[,NAME]] [--json]

  Opens a shop of its own (private services, real processes, proxies in between), sends buyers in, kills, stops, cuts and
  delays what the plan says, heals everything, waits until all is quiet, and then checks every promise against WeChat's
  own ledger. The report goes to standard output; the exit code is 1 when a promise is broken.

  --seed       draws the plan; the same seed draws the same plan (default 1)
  --seconds    how long faults and buyers come (default 60)
  --instances  of pay and of order (default 1)
  --plan       runs the plan in this file instead
  --print      prints the plan as JSON and does nothing
  --json       the whole report as one line of JSON
  --keep       leaves logs and data behind when something is broken

  chaos:mutants switches off one protection of the product at a time, and expects the checker to notice.`;

const OPTIONS = {
  seed: { type: 'string', default: '1' },
  seconds: { type: 'string', default: '60' },
  instances: { type: 'string', default: '1' },
  plan: { type: 'string' },
  only: { type: 'string' },
  print: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
} as const;

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Refusal(`--${name} is a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

function readPlan(file: string): Plan {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Refusal(`The plan ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = planSchema.safeParse(content);
  if (!read.success) throw new Refusal(`The plan ${file} is not one:\n${z.prettifyError(read.error)}`);
  return read.data;
}

function show(report: Report, json: boolean): void {
  process.stdout.write(`${JSON.stringify(report, null, json ? undefined : 2)}\n`);
  say(report.ok ? 'no promise is broken' : `${report.broken.length + report.further} findings, see the report`);
}

await runCommand(HELP, OPTIONS, async (values, [what]) => {
  if (what === 'mutants') {
    const report = await runMutants(values.only?.split(','), say);
    process.stdout.write(`${JSON.stringify(report, null, values.json ? undefined : 2)}\n`);
    return report.ok ? 0 : 1;
  }
  if (what !== undefined) throw new Refusal(`"${what}" is not a part of chaos; there is "mutants".`);
  const seed = wholeNumber('seed', values.seed, 0, 2 ** 32 - 1);
  const seconds = wholeNumber('seconds', values.seconds, 5, 86_400);
  const instances = wholeNumber('instances', values.instances, 1, 2) === 2 ? 2 : 1;
  const plan = values.plan === undefined ? drawPlan(seed, seconds, instances) : readPlan(values.plan);
  if (values.print) {
    process.stdout.write(`${JSON.stringify(plan, null, 2)}\n`);
    return 0;
  }
  const report = await runPlan({ plan, say, keep: values.keep });
  show(report, values.json);
  return report.ok ? 0 : 1;
});

// Connections that a fault has left half open must not keep a finished run alive.
process.stdout.write('', () => process.exit());
