import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import { LedgerFile } from './ledger.file.ts';

const entry = (seq: number, kind: 'closed' | 'reset' = 'closed'): LedgerEntry => {
  const at = '2026-11-21T00:00:00.000Z';
  return kind === 'reset' ? { seq, at, kind } : { seq, at, kind, outTradeNo: `茶\u2028${seq}`, by: 'merchant' };
};

describe('LedgerFile', () => {
  let directory: string;
  let path: string;
  let ledger: LedgerFile;

  const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const one of source) all.push(one);
    return all;
  };
  const reopen = async (): Promise<LedgerEntry[]> => {
    await ledger.close();
    ledger = await LedgerFile.open(directory);
    return collect(ledger.recover());
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ledger-'));
    path = join(directory, 'ledger.ndjson');
    ledger = await LedgerFile.open(directory);
  });
  afterEach(async () => {
    await ledger.close();
    await rm(directory, { recursive: true });
  });

  it('keeps the order of the calls, durable or not', async () => {
    const entries = Array.from({ length: 500 }, (_, index) => entry(index + 1));
    await Promise.all(entries.map((one, index) => ledger.append(one, index % 7 === 0)));
    expect(await reopen()).toEqual(entries);
  });

  it('removes an entry that a crash cut off, and goes on', async () => {
    await ledger.append(entry(1), true);
    await appendFile(path, JSON.stringify(entry(2)).slice(0, -5));
    expect(await reopen()).toEqual([entry(1)]);
    await ledger.append(entry(2), true);
    expect(await reopen()).toEqual([entry(1), entry(2)]);
  });

  it('refuses a file that is damaged inside', async () => {
    await writeFile(path, `${JSON.stringify(entry(1))}\nnonsense\n${JSON.stringify(entry(2))}\n`);
    await expect(reopen()).rejects.toThrow('damaged at line 2');
  });

  it('shows the entries since the last reset and keeps the others', async () => {
    for (const one of [entry(1), entry(2, 'reset'), entry(3)]) await ledger.append(one, false);
    const shown = async (): Promise<unknown[]> =>
      (await collect(ledger.linesSinceReset())).map((line) => JSON.parse(line) as unknown);
    expect(await shown()).toEqual([entry(2, 'reset'), entry(3)]);
    await reopen();
    expect(await shown()).toEqual([entry(2, 'reset'), entry(3)]);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4);
  });

  it('rejects everything once it cannot write', async () => {
    await ledger.close();
    await expect(ledger.append(entry(1), true)).rejects.toThrow('ledger');
    await expect(ledger.append(entry(2), false)).rejects.toThrow('ledger');
  });
});
