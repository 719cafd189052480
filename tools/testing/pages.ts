import { existsSync, readFileSync } from 'node:fs';
import { say } from '../command.ts';

/** One page as the end-to-end tests have seen it. */
interface PageLine {
  page: string;
  bytes: number;
  passed: number;
  violations: number;
}

/** The table of pages: weight of a first visit, and what axe-core found. Nothing when no page was tested. */
export function sayPages(file: string): void {
  if (!existsSync(file)) return;
  const lines = JSON.parse(readFileSync(file, 'utf8')) as PageLine[];
  const width = Math.max(4, ...lines.map(({ page }) => page.length));
  say(`\n${'page'.padEnd(width)}  first visit  axe-core`);
  for (const { page, bytes, passed, violations } of lines) {
    const weight = `${(bytes / 1_000).toFixed(1)} kB`.padStart(11);
    say(`${page.padEnd(width)}  ${weight}  ${violations} violations, ${passed} rules passed`);
  }
}
