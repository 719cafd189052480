/** `npm run screenshots`: a picture of every page in every state, from a running stack. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { runCommand, say } from './command.ts';
import { scenes } from './pages/scenes.ts';
import { type Opening, type Scene, type Stage, VISIBLE_MS } from './pages/scene.ts';
import { smallPng } from './pages/small-png.ts';
import { TemporaryStage } from './pages/temporary-stage.ts';
import { PROJECT_DIR } from './stack/paths.ts';
import { ensureBrowser } from './testing/browser.ts';

const HELP = `
npm run screenshots [-- --only REGEX] [--out FOLDER]

  Starts a stack of its own, brings every page into every state and takes its picture: 1280 pixels wide in English and
  390 pixels wide in Chinese, light and dark. The pictures replace those in docs/screenshots/.

  --only  only scenes whose name matches; other pictures stay
  --out   another folder`;

const WIDE = { name: '1280', viewport: { width: 1280, height: 800 }, locale: 'en-GB' } as const;
const NARROW = { name: '390', viewport: { width: 390, height: 844 }, locale: 'zh-CN' } as const;
const SCHEMES = ['light', 'dark'] as const;
/** Whoever takes pictures is in Shanghai, wherever the machine is. */
const TIME_ZONE = 'Asia/Shanghai';

const options = { only: { type: 'string' }, out: { type: 'string' } } as const;

async function picture(browser: Browser, stage: Stage, scene: Scene, folder: string, prepared?: Opening) {
  for (const { name, ...size } of [WIDE, NARROW]) {
    const { url, state } = prepared ?? (await scene.prepare(stage));
    const context = await browser.newContext({
      ...size,
      timezoneId: TIME_ZONE,
      reducedMotion: 'reduce',
      ...(state && { storageState: state }),
      ...(scene.userAgent !== undefined && { userAgent: scene.userAgent }),
    });
    const page = await context.newPage();
    await page.goto(url);
    await scene.act?.(page);
    await page.locator(scene.shows).first().waitFor({ state: 'visible', timeout: VISIBLE_MS });
    if (scene.long) {
      // What is fixed to the window's edge belongs to the page's edge.
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      await page.setViewportSize({ ...size.viewport, height });
      await page.evaluate('scrollTo(0, 0)');
    }
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const path = join(folder, `${scene.name}-${name}-${colorScheme}.png`);
      const taken = await page.screenshot({ caret: 'hide', animations: 'disabled' });
      writeFileSync(path, smallPng(taken));
    }
    await context.close();
  }
}

async function all(stage: Stage, browser: Browser, wanted: readonly Scene[], folder: string): Promise<void> {
  for (const scene of wanted) {
    try {
      await picture(browser, stage, scene, folder, scene.fresh ? undefined : await scene.prepare(stage));
      say(scene.name);
    } finally {
      await scene.end?.(stage);
    }
  }
}

await runCommand(HELP, options, async ({ only, out }) => {
  const folder = out ?? join(PROJECT_DIR, 'docs', 'screenshots');
  const wanted = scenes.filter(({ name }) => new RegExp(only ?? '').test(name));
  const executablePath = await ensureBrowser(say);
  const stage = await TemporaryStage.start({ label: 'screenshots', say });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    mkdirSync(folder, { recursive: true });
    if (only === undefined) for (const name of pictures(folder)) rmSync(join(folder, name));
    await all(stage, browser, wanted, folder);
  } finally {
    await browser.close();
    await stage.stop();
  }
  const bytes = pictures(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  say(`${pictures(folder).length} pictures, ${(bytes / 1e6).toFixed(1)} MB: ${folder}`);
  return 0;
});

function pictures(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.png'));
}
