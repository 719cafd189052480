import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { scenes } from '../tools/pages/scenes.ts';
import { openBrowser } from './support/browser.ts';
import { checkCashier } from './support/pages/cashier-behaviour.ts';
import { checkEveryPage } from './support/pages/page-behaviour.ts';
import { writePageReport } from './support/pages/report.ts';
import { checkScenes } from './support/pages/scene-checks.ts';
import { checkWays } from './support/pages/way-behaviour.ts';
import { Stack, STACK_MS } from './support/stack.ts';

describe('the pages people see', () => {
  let stack: Stack;
  let browser: Browser;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([Stack.start(), openBrowser()]);
  }, STACK_MS);

  afterAll(async () => {
    writePageReport();
    await browser.close();
    await stack.stop();
  }, STACK_MS);

  const on = () => ({ stage: stack, stack, browser });

  describe('in every state, in both languages, light and dark', () => checkScenes(scenes, on));

  describe('at the cashier', () => checkCashier(on));

  describe('by each way to pay', () => checkWays(on));

  describe('everywhere', () => checkEveryPage(on));
});
