/** What a real browser finds on a page: mistakes that axe-core knows, complaints of its own, weight on the wire. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { type Opening, type Scene, type Stage, VISIBLE_MS } from '../../../tools/pages/scene.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  page: Page;
  /** What the browser said against the page: scripts that threw, what the security policy stopped. */
  complaints: string[];
  /** Addresses of everything that was loaded. */
  loaded: string[];
  /** Bytes that came over the wire until now, headers included. */
  weight: () => number;
  close: () => Promise<void>;
}

/** Opens an address in a session of its own. */
export async function openPage(browser: Browser, opening: Opening, options: BrowserContextOptions = {}): Promise<Look> {
  const context = await browser.newContext({ ...options, ...(opening.state && { storageState: opening.state }) });
  const page = await context.newPage();
  const complaints: string[] = [];
  const loaded: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => loaded.push(request.url()));
  const weight = await weigh(await context.newCDPSession(page));
  await page.goto(opening.url);
  return { page, complaints, loaded, weight, close: () => context.close() };
}

async function weigh(session: CDPSession): Promise<() => number> {
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await session.send('Network.enable');
  return () => bytes;
}

/** Opens a scene and waits until the page shows it. */
export async function openScene(
  browser: Browser,
  stage: Stage,
  scene: Scene,
  options: BrowserContextOptions,
  prepared?: Opening,
): Promise<Look> {
  const opening = prepared ?? (await scene.prepare(stage));
  const look = await openPage(browser, opening, {
    ...options,
    ...(scene.userAgent !== undefined && { userAgent: scene.userAgent }),
  });
  if (scene.act) await scene.act(look.page);
  await look.page.locator(scene.shows).first().waitFor({ state: 'visible', timeout: VISIBLE_MS });
  return look;
}

interface AxeWindow {
  axe: { run: (options: { resultTypes: string[] }) => Promise<AxeResults> };
}

export interface Findings {
  passed: number;
  /** One line per violation: rule, help, first place. */
  violations: string[];
}

/** Everything axe-core has against the page as it is now. */
export async function findings(page: Page): Promise<Findings> {
  const session = await page.context().newCDPSession(page);
  // Past the page's security policy, which lets no script in but its own.
  await session.send('Runtime.evaluate', { expression: axeSource });
  await session.detach();
  const results = await page.evaluate(() => {
    const { axe } = globalThis as unknown as AxeWindow;
    return axe.run({ resultTypes: ['violations'] });
  });
  const violations = results.violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''})`,
  );
  return { passed: results.passes.length, violations };
}

/** What can be pressed and is lower than a finger is wide: 44 CSS pixels (WCAG 2.5.5). Links in running text may be. */
export const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('button, summary, select, input, a[href]')]
    .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== 'inline')
    .map((one) => [(one.type === 'radio' ? one.labels[0] : one).getBoundingClientRect(), one.outerHTML])
    .filter(([box]) => box.width < 44 || box.height < 43.5)
    .map(([box, text]) => Math.round(box.width) + ' × ' + Math.round(box.height) + ' ' + text.slice(0, 120))`);

/** How much wider than the window the page is, in CSS pixels. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
