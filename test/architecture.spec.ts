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
  'apps/order/src/domain/states.ts': [],
  'apps/wechat-simulator/src/flow/pay.ts': ['../domain/book.ts'],
  'apps/wechat-simulator/src/domain/book.ts': [],
  'apps/wechat-simulator/src/in/gateway.ts': ['../../../../libs/wechat-pay/src/protocol/sign.ts'],
  'libs/contract/src/events.ts': [],
  'libs/platform/src/http.ts': ['@nestjs/common'],
  'libs/wechat-pay/src/protocol/sign.ts': [],
  'libs/wechat-pay/src/client.ts': ['./protocol/sign.ts'],
};

/** For each rule the import that breaks it: in which file, and what it imports. */
const VIOLATIONS: [rule: string, file: string, imports: string][] = [
  ['no-circular', 'apps/pay/src/domain/money.ts', './states.ts'],
  ['domain-is-pure', 'apps/pay/src/domain/states.ts', '../../../../libs/contract/src/events.ts'],
  ['domain-is-pure', 'apps/pay/src/domain/states.ts', 'node:fs'],
  ['flow-knows-no-technology', 'apps/pay/src/flow/settle.ts', '../../../../libs/platform/src/http.ts'],
  ['flow-knows-no-technology', 'apps/pay/src/flow/settle.ts', 'node:fs'],
  ['in-knows-no-out', 'apps/pay/src/in/notify.ts', '../out/payments.ts'],
  ['out-knows-no-in', 'apps/pay/src/out/payments.ts', '../in/notify.ts'],
  ['out-knows-ports-only', 'apps/pay/src/out/payments.ts', '../flow/settle.ts'],
  ['apps-are-islands', 'apps/pay/src/in/notify.ts', '../../../order/src/domain/states.ts'],
  ['libs-know-no-app', 'libs/platform/src/http.ts', '../../../apps/pay/src/domain/money.ts'],
  ['leaves', 'libs/contract/src/events.ts', '../../platform/src/http.ts'],
  ['leaves', 'libs/wechat-pay/src/client.ts', '../../platform/src/http.ts'],
  ['protocol-without-nest', 'libs/wechat-pay/src/protocol/sign.ts', '@nestjs/common'],
  [
    'simulator-uses-protocol-only',
    'apps/wechat-simulator/src/in/gateway.ts',
    '../../../../libs/wechat-pay/src/client.ts',
  ],
  ['not-to-unresolvable', 'apps/pay/src/in/notify.ts', '../flow/does-not-exist.ts'],
];

interface Report {
  summary: { violations: { rule: { name: string }; from: string }[] };
}

describe('the rules of the architecture', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'architecture-'));
  });

  afterAll(() => rmSync(dir, { recursive: true }));

  const write = (root: string, file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };

  /** Rules broken by the innocent tree with one import added, as `rule: file`. */
  const judge = async (name: string, file?: string, added?: string): Promise<string[]> => {
    const root = join(dir, name);
    for (const [path, imports] of Object.entries(INNOCENT)) {
      const all = path === file && added !== undefined ? [...imports, added] : imports;
      write(root, path, [...all.map((from) => `import '${from}';`), 'export {};', ''].join('\n'));
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

  it('let an innocent tree pass', async () => {
    expect(await judge('innocent')).toEqual([]);
  });

  it('all have a violation planted here', () => {
    const config = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
    const planted = new Set(VIOLATIONS.map(([rule]) => rule));
    expect(config.forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });

  it.each(VIOLATIONS)('%s: found when %s imports %s', async (rule, file, imports) => {
    expect(
      await judge(`${rule}-${VIOLATIONS.findIndex((one) => one[1] === file && one[2] === imports)}`, file, imports),
    ).toContain(`${rule}: ${file}`);
  });
});
