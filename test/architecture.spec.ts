import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const CONFIG = resolve('.dependency-cruiser.cjs');
const CRUISER = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** A small tree that keeps every rule: each file with the files it imports. */
const INNOCENT: Record<string, string[]> = {
  'apps/pay/src/domain/states.ts': ['./money.ts'],
  'apps/pay/src/domain/money.ts': [],
  'apps/pay/src/flow/ports.ts': ['../domain/states.ts', '../../../../libs/contract/src/events.ts'],
  'apps/pay/src/flow/settle.ts': ['./ports.ts', '../domain/money.ts', '@nestjs/common'],
  'apps/pay/src/in/notify.ts': ['../flow/settle.ts', '../../../../libs/platform/src/http.ts'],
  'apps/pay/src/out/payments.ts': ['../flow/ports.ts', '../../../../libs/platform/src/http.ts'],
  'apps/pay/src/out/payments.testing.ts': ['../../../../test/database.ts'],
  'apps/order/src/domain/states.ts': [],
  'apps/wechat-simulator/src/flow/pay.ts': ['../domain/book.ts'],
  'apps/wechat-simulator/src/domain/book.ts': [],
  'apps/wechat-simulator/src/in/gateway.ts': ['../../../../libs/wechat-pay/src/protocol/sign.ts'],
  'libs/contract/src/events.ts': [],
  'libs/platform/src/http.ts': ['@nestjs/common'],
  'libs/wechat-pay/src/protocol/sign.ts': [],
  'libs/wechat-pay/src/client.ts': ['./protocol/sign.ts'],
  'test/database.ts': [],
};

/** Imports that break a rule: the folder of the file that has it, what it imports, and the rule. */
const VIOLATIONS: [rule: string, folder: string, imports: string][] = [
  ['no-circular', 'apps/pay/src/domain', './states.ts'],
  ['domain-is-pure', 'apps/pay/src/domain', '../../../../libs/contract/src/events.ts'],
  ['domain-is-pure', 'apps/pay/src/domain', 'node:fs'],
  ['flow-knows-no-technology', 'apps/pay/src/flow', '../../../../libs/platform/src/http.ts'],
  ['flow-knows-no-technology', 'apps/pay/src/flow', 'node:fs'],
  ['in-knows-no-out', 'apps/pay/src/in', '../out/payments.ts'],
  ['out-knows-no-in', 'apps/pay/src/out', '../in/notify.ts'],
  ['out-knows-ports-only', 'apps/pay/src/out', '../flow/settle.ts'],
  ['apps-are-islands', 'apps/pay/src/in', '../../../order/src/domain/states.ts'],
  ['libs-know-no-app', 'libs/platform/src', '../../../apps/pay/src/domain/money.ts'],
  ['what-is-built-knows-no-test', 'apps/pay/src/out', '../../../../test/database.ts'],
  ['what-is-built-knows-no-test', 'apps/pay/src/out', './payments.testing.ts'],
  ['leaves', 'libs/contract/src', '../../platform/src/http.ts'],
  ['leaves', 'libs/wechat-pay/src', '../../platform/src/http.ts'],
  ['protocol-without-nest', 'libs/wechat-pay/src/protocol', '@nestjs/common'],
  ['simulator-uses-protocol-only', 'apps/wechat-simulator/src/in', '../../../../libs/wechat-pay/src/client.ts'],
  ['not-to-unresolvable', 'apps/pay/src/in', '../flow/does-not-exist.ts'],
];

/** Every violation stands in a file of its own beside the innocent ones. */
const plantedFile = (index: number): string => `${VIOLATIONS[index]![1]}/planted-${index}.ts`;

interface Report {
  summary: { violations: { rule: { name: string }; from: string }[] };
}

describe('the rules of the architecture', () => {
  let dir: string;
  let innocent: string[];
  let planted: string[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'architecture-'));
    const guilty = VIOLATIONS.map(([, , imports], index) => [plantedFile(index), [imports]] as const);
    const tree = { ...INNOCENT, ...Object.fromEntries(guilty) };
    // A circle needs two: the innocent half imports the planted one.
    tree['apps/pay/src/domain/states.ts'] = ['./money.ts', './planted-0.ts'];
    [innocent, planted] = await Promise.all([judge('innocent', INNOCENT), judge('planted', tree)]);
  }, 30_000);

  afterAll(() => rmSync(dir, { recursive: true }));

  const write = (root: string, file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };

  /** The rules that a tree breaks, as `rule: file`. */
  const judge = async (name: string, tree: Record<string, readonly string[]>): Promise<string[]> => {
    const root = join(dir, name);
    for (const [path, imports] of Object.entries(tree)) {
      write(root, path, [...imports.map((from) => `import '${from}';`), 'export {};', ''].join('\n'));
    }
    write(root, 'tsconfig.json', '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true } }');
    write(root, 'package.json', '{ "type": "module", "dependencies": { "@nestjs/common": "*" } }');
    write(root, 'node_modules/@nestjs/common/package.json', '{ "name": "@nestjs/common", "main": "index.js" }');
    write(root, 'node_modules/@nestjs/common/index.js', '');
    const args = [CRUISER, '--config', CONFIG, '--output-type', 'json', 'apps', 'libs'];
    const output = await new Promise<string>((done) => {
      execFile(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'] } }, (_, stdout) => done(stdout));
    });
    const { violations } = (JSON.parse(output) as Report).summary;
    return [...new Set(violations.map(({ rule, from }) => `${rule.name}: ${from}`))];
  };

  it('let an innocent tree pass', () => {
    expect(innocent).toEqual([]);
  });

  it('all have a violation planted here', () => {
    const config = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
    const covered = new Set(VIOLATIONS.map(([rule]) => rule));
    expect(config.forbidden.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  });

  it.each(VIOLATIONS.map((violation, index) => [...violation, index] as const))(
    '%s: found when a file in %s imports %s',
    (rule, _folder, _imports, index) => {
      expect(planted).toContain(`${rule}: ${plantedFile(index)}`);
    },
  );
});
