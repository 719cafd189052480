/** A real browser, headless, with a profile of its own, that talks to nobody but the pages under test. */
import jsQR from 'jsqr';
import { chromium, type Browser } from 'playwright-core';
import { PNG } from 'pngjs';
import { findBrowser } from '../../tools/testing/browser.ts';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error when no Chromium is installed */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chromium: npm run test:e2e installs one, or says how');
  return chromium.launch({ executablePath, headless: true, args: ARGUMENTS });
}

/** What a phone's camera would read in a screenshot; undefined when there is no code in it. */
export function readQr(screenshot: Buffer): string | undefined {
  const { data, width, height } = PNG.sync.read(screenshot);
  return jsQR.default(new Uint8ClampedArray(data), width, height)?.data;
}
