import { describe, expect, it } from '@jest/globals';
import { protections, readMutant } from './config.ts';
import { protection } from './protection.ts';

describe('protections that can be switched off', () => {
  it('all hold in a process that was not asked to drop one', () => {
    expect(protections.filter((name) => !protection(name))).toEqual([]);
    expect(readMutant({ MUTANT: 'mandatory' })).toBeUndefined();
  });

  it('one is off with FAULTS=1 and its name', () => {
    expect(readMutant({ FAULTS: '1', MUTANT: 'mandatory' })).toBe('mandatory');
    expect(readMutant({ FAULTS: '1' })).toBeUndefined();
  });

  it('refuses unknown names, and production altogether', () => {
    expect(() => readMutant({ FAULTS: '1', MUTANT: 'everything' })).toThrow(/none of/);
    expect(() => readMutant({ FAULTS: '1', NODE_ENV: 'production' })).toThrow(/production/);
  });
});
