import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { protections, readFailPoints, readMutant } from './config.ts';
import { failPoint, pointsOf } from './fail-point.ts';
import { failPoints } from './fail-points.ts';
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

describe('fail points', () => {
  let folder: string;
  let deaths: number;
  const arm = (name: string, words = '') => writeFileSync(join(folder, name), words);
  const points = () => pointsOf(folder, () => (deaths += 1));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fail-points-'));
    deaths = 0;
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('do nothing in a process that was not started for them', () => {
    expect(readFailPoints({ FAIL_POINTS: folder })).toBeUndefined();
    expect(readFailPoints({ FAULTS: '1' })).toBeUndefined();
    for (const name of Object.keys(failPoints)) arm(name);
    pointsOf(undefined, () => (deaths += 1))('notify.verified');
    failPoint('notify.verified');
    expect(deaths).toBe(0);
  });

  it('refuse production, a folder that is not there and a name that is no point', () => {
    const env = { FAULTS: '1', FAIL_POINTS: folder };
    arm('notify.verified');
    arm('notify.answered.reached');
    expect(readFailPoints(env)).toBe(folder);
    expect(() => readFailPoints({ ...env, NODE_ENV: 'production' })).toThrow(/production/);
    expect(() => readFailPoints({ FAULTS: '1', FAIL_POINTS: join(folder, 'none') })).toThrow(/FAIL_POINTS.*ENOENT/);
    arm('toString');
    expect(() => readFailPoints(env)).toThrow(/toString, which is none of place.asked/);
  });

  it('fire once each, where they are armed, and leave a trace', () => {
    arm('inbox.handled');
    points()('inbox.delivered');
    expect(deaths).toBe(0);
    points()('inbox.handled');
    points()('inbox.handled');
    expect(deaths).toBe(1);
    expect(readdirSync(folder)).toEqual(['inbox.handled.reached']);
  });

  it('fire only for what they are armed for', () => {
    arm('outbox.confirmed', 'payment.succeeded A1\n');
    const reach = points();
    reach('outbox.confirmed');
    reach('outbox.confirmed', { type: 'payment.closed', body: '{"orderNo":"A1"}' });
    reach('outbox.confirmed', { type: 'payment.succeeded', body: '{"orderNo":"B2"}' });
    expect(deaths).toBe(0);
    reach('outbox.confirmed', { type: 'payment.succeeded', body: '{"orderNo":"A1"}' });
    expect(deaths).toBe(1);
    arm('notify.received', 'A1');
    reach('notify.received', Buffer.from('<xml><out_trade_no>A1</out_trade_no></xml>'));
    expect(deaths).toBe(2);
  });
});
