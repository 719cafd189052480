// Three sizes of test: *.spec.ts is pure and takes milliseconds, *.int-spec.ts needs the private services that
// `npm test` starts, test/*.e2e-spec.ts drives real processes and a real browser.
const shared = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/'],
};
// Jest reads `testTimeout` from the command line or a set-up file only, not from a project.
const patient = { ...shared, setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] };

/** @type {import('jest').Config} */
export default {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,tools,test}/**/*.spec.ts'] },
    { ...patient, displayName: 'int', testMatch: ['<rootDir>/{apps,libs,tools}/**/*.int-spec.ts'] },
    { ...patient, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'] },
  ],
};
