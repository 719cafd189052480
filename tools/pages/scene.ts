/** What a page can look like, and how that comes about on a running stack: for tests and for screenshots. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Apps } from '../stack/apps.ts';
import type { Client, PlacedOrder } from '../stack/client.ts';
import type { AppSecrets } from '../stack/local-env.ts';
import type { AppName } from '../stack/settings.ts';

/** A running stack as the scenes need it. */
export interface Stage {
  links: Record<AppName, string>;
  secrets: AppSecrets;
  apps: Pick<Apps, 'start' | 'kill'>;
  /** Somebody who buys; everybody is somebody else. */
  buyer(): Client;
  operator(): Client;
  rows<T>(app: 'pay' | 'order', sql: string, values?: unknown[]): Promise<T[]>;
}

/** What a browser opens. */
export interface Opening {
  url: string;
  /** The session in which something has happened before; a new one without it. */
  state?: Exclude<BrowserContextOptions['storageState'], string>;
}

export interface Scene {
  /** Name of the picture and of the test. */
  name: string;
  /** Brings the state about. Called once per stack, unless `fresh`. */
  prepare: (stage: Stage) => Promise<Opening>;
  /** The state does not last, or is used up by looking at it: prepared again for each opening. */
  fresh?: boolean;
  /** What is there when the page shows the state. */
  shows: string;
  /** What a person does on the opened page to see it. */
  act?: (page: Page) => Promise<void>;
  /** The browser's own name, where the page depends on it. */
  userAgent?: string;
  /** Ends what `prepare` has begun. */
  end?: (stage: Stage) => Promise<void>;
  /** The whole length of the page belongs into the picture, not only what is seen first. */
  long?: boolean;
}

export const TEA = 'tea-longjing';
export const VISIBLE_MS = 20_000;

export interface Begun {
  buyer: Client;
  order: PlacedOrder;
  codeUrl: string;
}

/** An order with its code on the screen. */
export async function begun(stage: Stage): Promise<Begun> {
  const buyer = stage.buyer();
  const order = await buyer.place([{ productId: TEA, quantity: 1 }]);
  await buyer.openCashier(order);
  const { code_url: codeUrl } = await buyer.createCode(order.orderNo);
  return { buyer, order, codeUrl };
}

/** Selector of the cashier page in one phase. */
export const inPhase = (phase: string): string => `.cashier[data-phase="${phase}"]`;
