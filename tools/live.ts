/** `npm run live`: how long it takes from a settled payment to the page that shows it. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { runCommand, say } from './command.ts';
import { Refusal } from './services/refusal.ts';
import { until } from './services/until.ts';
import { begun, inPhase, VISIBLE_MS } from './pages/scene.ts';
import { startSecondPay } from './pages/second-pay.ts';
import { TemporaryStage } from './pages/temporary-stage.ts';
import { ensureBrowser } from './testing/browser.ts';

const HELP = `
npm run live [-- --rounds N] [--json]

  Opens cashier pages in a real browser, pays their orders one after the other, and measures from the moment order's
  transaction wrote PAID (database clock; its commit comes a little later) to the frame in which the page shows it. First
  with one instance of pay, then with two: the page is open at the one that WeChat does not notify.

  --rounds  payments per measurement (30)
  --json    one JSON object on standard output: {one: {median, p95, max}, two: {…}} in milliseconds

  Exit code 1 when a page took longer than 1 s.`;

const ALWAYS_WITHIN_MS = 1_000;
const options = { rounds: { type: 'string' }, json: { type: 'boolean' } } as const;

interface Figures {
  median: number;
  p95: number;
  max: number;
}

/** Notes the time of the frame that is drawn after the page has turned to "paid". */
const NOTE_FRAME = `new MutationObserver((_, observer) => {
  if (document.querySelector('.cashier').dataset.phase !== 'paid') return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.shownAt = Date.now(); }));
}).observe(document.querySelector('.cashier'), { attributes: true, attributeFilter: ['data-phase'] })`;

/** Milliseconds of one payment. */
async function once(stage: TemporaryStage, context: BrowserContext, payUrl: string): Promise<number> {
  const { buyer, order, codeUrl } = await begun(stage);
  const page = await context.newPage();
  try {
    const streaming = page.waitForResponse((response) => response.url().includes('/status/stream'));
    await page.goto(order.payUrl.replace(stage.links.pay, payUrl));
    await page.locator(inPhase('waiting')).waitFor({ timeout: VISIBLE_MS });
    await streaming;
    await page.evaluate(NOTE_FRAME);
    await buyer.tap(codeUrl);
    const shownAt = await shown(page);
    const sql =
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', `at`) / 1000 AS ms FROM order_log WHERE order_no = ? AND to_status = 'PAID'";
    const [row] = await stage.rows<{ ms: string }>('order', sql, [order.orderNo]);
    return shownAt - Number(row?.ms);
  } finally {
    await page.close();
  }
}

const shown = (page: Page): Promise<number> =>
  until('the page shows "paid"', () => page.evaluate<number | undefined>('window.shownAt'), VISIBLE_MS);

async function measure(stage: TemporaryStage, browser: Browser, payUrl: string, rounds: number): Promise<Figures> {
  const context = await browser.newContext();
  // The first payments warm up what runs for weeks in a shop.
  for (let round = 0; round < 3; round += 1) await once(stage, context, payUrl);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await once(stage, context, payUrl));
  await context.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.ceil(times.length * share) - 1] ?? NaN);
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

const line = (what: string, { median, p95, max }: Figures): string =>
  `${what}: median ${median} ms, p95 ${p95} ms, max ${max} ms from PAID in MySQL to the frame that shows it`;

await runCommand(HELP, options, async ({ rounds: given = '30', json = false }) => {
  const rounds = Number(given);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) throw new Refusal('--rounds is not from 1 to 1000');
  const executablePath = await ensureBrowser(say);
  const stage = await TemporaryStage.start({ label: 'live', say });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const one = await measure(stage, browser, stage.links.pay, rounds);
    say(line('one instance of pay ', one));
    const second = await startSecondPay(stage.running);
    const two = await measure(stage, browser, second.url, rounds).finally(() => second.stop());
    say(line('two, at the other one', two));
    if (json) process.stdout.write(`${JSON.stringify({ one, two })}\n`);
    return Math.max(one.max, two.max) <= ALWAYS_WITHIN_MS ? 0 : 1;
  } finally {
    await browser.close();
    await stage.stop();
  }
});
