import { writeFileSync } from 'node:fs';

export interface PageLine {
  page: string;
  /** Bytes on the wire at the first visit, headers included. */
  bytes: number;
  /** Rules of axe-core that were checked and passed, over all variants. */
  passed: number;
  violations: number;
}

const lines = new Map<string, PageLine>();

/** Counts one variant of a page: the heaviest stands for all. */
export function reportPage(page: string, bytes: number, passed: number, violations: number): void {
  const before = lines.get(page) ?? { page, bytes: 0, passed: 0, violations: 0 };
  lines.set(page, {
    page,
    bytes: Math.max(before.bytes, bytes),
    passed: before.passed + passed,
    violations: before.violations + violations,
  });
}

/** Hands the lines to `npm test`, which prints them. */
export function writePageReport(): void {
  const file = process.env['PAGES_REPORT'];
  if (file !== undefined) writeFileSync(file, JSON.stringify([...lines.values()]));
}
