import { expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { Opening, Scene, Stage } from '../../../tools/pages/scene.ts';
import { findings, openScene, overhang, smallTargets } from './look.ts';
import { reportPage } from './report.ts';

const TEST_MS = 120_000;
/** A first visit, everything included. */
const BUDGET_BYTES = 60_000;
const SCHEMES = ['light', 'dark'] as const;
const WIDE: BrowserContextOptions = { locale: 'zh-CN', viewport: { width: 1280, height: 800 } };
const NARROW: BrowserContextOptions = { locale: 'en-GB', viewport: { width: 390, height: 844 } };
const VARIANTS = [WIDE, NARROW];

/** One test per scene: axe-core on both schemes, no inline code or foreign address, nothing too wide, too heavy, or too small for a finger. */
export function checkScenes(scenes: readonly Scene[], on: () => { stage: Stage; browser: Browser }): void {
  it.each(scenes.map((scene) => [scene.name, scene] as const))(
    '%s',
    async (name, scene) => {
      const { stage, browser } = on();
      try {
        const prepared = scene.fresh ? undefined : await scene.prepare(stage);
        const one = (variant: BrowserContextOptions) => check(name, scene, variant, prepared);
        // What one look uses up, another one at the same time would take away.
        if (scene.fresh) for (const variant of VARIANTS) await one(variant);
        else await Promise.all(VARIANTS.map(one));
      } finally {
        await scene.end?.(stage);
      }

      async function check(page: string, scene: Scene, variant: BrowserContextOptions, prepared?: Opening) {
        const look = await openScene(browser, stage, scene, variant, prepared);
        const bytes = look.weight();
        const host = new URL(look.page.url()).host;
        expect(await look.page.locator('html').getAttribute('lang')).toBe(variant.locale === 'zh-CN' ? 'zh-CN' : 'en');
        for (const colorScheme of SCHEMES) {
          await look.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const { passed, violations } = await findings(look.page);
          reportPage(page, bytes, passed, violations.length);
          expect(violations).toEqual([]);
        }
        expect(await overhang(look.page)).toBe(0);
        if (variant === NARROW) expect(await smallTargets(look.page)).toEqual([]);
        expect(look.complaints).toEqual([]);
        expect(look.loaded.filter((address) => new URL(address).host !== host)).toEqual([]);
        expect(bytes).toBeGreaterThan(0);
        expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES);
        await look.close();
      }
    },
    TEST_MS,
  );
}
