// The architecture as rules: domain <- flow <- (in, out); apps are islands; contract and wechat-pay are leaves.
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      comment: 'Rules and transition tables import nothing but each other.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/domain/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { pathNot: '^apps/$1/src/domain/' },
    },
    {
      name: 'flow-knows-no-technology',
      comment: 'A step knows domain, its ports, the contract and two names of @nestjs/common (lint checks which).',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/flow/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { pathNot: ['^apps/$1/src/(domain|flow)/', '^libs/contract/', '^node_modules/@nestjs/common/'] },
    },
    {
      name: 'in-knows-no-out',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/in/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^apps/[^/]+/src/out/' },
    },
    {
      name: 'out-knows-no-in',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/out/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^apps/[^/]+/src/in/' },
    },
    {
      name: 'out-knows-ports-only',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/out/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^apps/[^/]+/src/flow/', pathNot: '/flow/ports\\.ts$' },
    },
    {
      name: 'apps-are-islands',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-know-no-app',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^(apps|tools|test)/' },
    },
    {
      name: 'what-is-built-knows-no-test',
      comment: 'Images are built from apps, libs and tools alone: `test/` is not there.',
      severity: 'error',
      from: { path: '^(apps|libs|tools)/', pathNot: '\\.(spec|int-spec|testing)\\.ts$' },
      to: { path: ['^test/', '\\.testing\\.ts$'] },
    },
    {
      name: 'leaves',
      comment: 'The contract and the protocol know nothing of ours.',
      severity: 'error',
      from: { path: '^libs/(contract|wechat-pay)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'protocol-without-nest',
      severity: 'error',
      from: { path: '^libs/wechat-pay/' },
      to: { path: '^node_modules/@nestjs/' },
    },
    {
      name: 'simulator-uses-protocol-only',
      comment: 'The simulator must not share the client, or both could be wrong together.',
      severity: 'error',
      from: { path: '^apps/wechat-simulator/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^libs/wechat-pay/src/', pathNot: '^libs/wechat-pay/src/protocol/' },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What browsers load: served side by side under /assets/, so their imports are addresses, not files.
    exclude: { path: '^(apps|libs)/[^/]+/web/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
