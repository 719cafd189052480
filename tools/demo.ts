/** `npm run demo`: one order placed, paid and settled, with the milliseconds of every step. */
import QRCode from 'qrcode';
import { runCommand, say } from './command.ts';
import { Refusal } from './services/refusal.ts';
import { until } from './services/until.ts';
import { Client } from './stack/client.ts';
import { LOCAL } from './stack/paths.ts';
import { RunFile, type RunningStack } from './stack/run-file.ts';
import { type AppPorts, linksOf, portsOf } from './stack/settings.ts';
import { TemporaryStack } from './stack/temporary-stack.ts';

const HELP = `
npm run demo [-- --json] [--keep]

  Places one order, shows its payment code, pays it on the simulator's phone and waits until it is settled.
  Uses the stack that npm start runs here, or one that answers on the ports (docker compose up); without one it starts
  its own for the time of the demo.

  --json  one JSON object on standard output: {ok, orderNo, steps: [{step, ms}], payToPaidMs, payToPageMs}
  --keep  keeps the data and logs of the demo's own stack`;

const STEP_WITHIN_MS = 30_000;
const START_WITHIN_MS = 120_000;
const ASK_EVERY_MS = 5;
const READY_WITHIN_MS = 1_000;

interface Report {
  ok: boolean;
  orderNo?: string;
  steps: { step: string; ms: number }[];
  /** From the tap on "pay" until the order is PAID in MySQL, and until the cashier page has heard of it. */
  payToPaidMs?: number;
  payToPageMs?: number;
  /** The step that failed, and why. */
  failed?: { step: string; reason: string };
}

const options = { json: { type: 'boolean' }, keep: { type: 'boolean' } } as const;

type FoundStack = Pick<RunningStack, 'ports'> & Partial<Pick<RunningStack, 'secrets'>>;

/** The running stack of this clone, one that answers on the ports (docker compose up), or one of our own. */
async function findStack(keep: boolean): Promise<{ stack: FoundStack; end: () => Promise<void> }> {
  const runFile = new RunFile(LOCAL.runFile);
  if (runFile.read()) {
    const stack = await until('npm start is ready', () => runFile.read()?.stack, START_WITHIN_MS, 200);
    return { stack, end: () => Promise.resolve() };
  }
  const ports = portsOf(process.env);
  if (await isReady(ports)) return { stack: { ports }, end: () => Promise.resolve() };
  say('Nothing runs here, so the demo starts a stack of its own (npm start keeps one running) …');
  const own = await TemporaryStack.start({ label: 'demo', say });
  const end = async () => {
    await own.stop(keep);
    if (keep) say(`Data and logs: ${own.dir}`);
  };
  return { stack: own.stack, end };
}

/** Whether all three apps answer there, and are ready. */
async function isReady(ports: AppPorts): Promise<boolean> {
  const asked = Object.values(linksOf(ports)).map((link) =>
    fetch(`${link}/health/ready`, { signal: AbortSignal.timeout(READY_WITHIN_MS) }),
  );
  const answers = await Promise.allSettled(asked);
  return answers.every((answer) => answer.status === 'fulfilled' && answer.value.ok);
}

async function demo(stack: FoundStack, show: (line: string) => void): Promise<Report> {
  const client = new Client(stack);
  const report: Report = { ok: false, steps: [] };
  let current = '';
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    current = name;
    const since = performance.now();
    const result = await work();
    const ms = msSince(since);
    report.steps.push({ step: name, ms });
    show(`${String(ms).padStart(7)} ms  ${name}`);
    return result;
  };
  const closed = new AbortController();
  try {
    const product = await step('choose a product', async () => {
      const found = (await client.products()).find(({ stock }) => stock > 0);
      if (!found) throw new Refusal('every product is sold out: npm run reset brings the stock back');
      return found;
    });
    const order = await step('place the order', () => client.place([{ productId: product.productId, quantity: 1 }]));
    report.orderNo = order.orderNo;
    await step('open the cashier', () => client.openCashier(order));
    const code = await step('make the payment code', () => client.createCode(order.orderNo));
    show(`\n${await QRCode.toString(code.code_url, { type: 'terminal', small: true })}`);
    show(`  ${product.title}, ${(order.totalFee / 100).toFixed(2)} yuan, order ${order.orderNo}\n`);
    const page = await step('listen as the page does', () => followUntilPaid(client, order.orderNo, closed.signal));
    await step('scan the code', () => client.scan(code.code_url));

    const tapped = performance.now();
    const paid = until('the order is PAID', () => isPaid(client, order.orderNo), STEP_WITHIN_MS, ASK_EVERY_MS).then(
      () => {
        report.payToPaidMs = msSince(tapped);
      },
    );
    const shown = page.paid.then(() => {
      report.payToPageMs = msSince(tapped);
    });
    // Awaited below; a failure before that must not be an unhandled one.
    for (const one of [paid, shown]) one.catch(() => undefined);
    await step('pay on the phone', () => client.tap(code.code_url));
    await step('the order is PAID', () => paid);
    await step('the page shows it', () => shown);
    report.ok = true;
  } catch (error) {
    report.failed = { step: current, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    closed.abort();
  }
  return report;
}

const msSince = (start: number): number => Math.round((performance.now() - start) * 10) / 10;

const isPaid = async (client: Client, orderNo: string): Promise<boolean> =>
  (await client.order(orderNo)).status === 'PAID';

/** Opens the stream; resolves when its first view has come. `paid` resolves with the view that says paid. */
async function followUntilPaid(client: Client, orderNo: string, signal: AbortSignal): Promise<{ paid: Promise<void> }> {
  const views = client.follow(orderNo, AbortSignal.any([signal, AbortSignal.timeout(STEP_WITHIN_MS * 2)]));
  const first = await views.next();
  if (first.done) throw new Error('the status stream ended at once');
  const paid = (async () => {
    for await (const view of views) if (view.phase === 'paid') return;
    throw new Error('the status stream ended before it said "paid"');
  })();
  paid.catch(() => undefined);
  return { paid };
}

function summary(report: Report): string {
  if (report.failed)
    return `\nFailed at "${report.failed.step}": ${report.failed.reason}\nLogs are in .local/log; npm run doctor looks for the cause.`;
  return `\nPaid and settled: ${report.payToPaidMs} ms from the tap on "pay" to PAID, ${report.payToPageMs} ms to the page.`;
}

await runCommand(HELP, options, async ({ json = false, keep = false }) => {
  const { stack, end } = await findStack(keep);
  try {
    const report = await demo(stack, json ? () => undefined : say);
    const { ok, orderNo, ...details } = report;
    if (json) process.stdout.write(`${JSON.stringify({ ok, orderNo, ...details })}\n`);
    else say(summary(report));
    return ok ? 0 : 1;
  } finally {
    await end();
  }
});
