import { describe, expect, it } from '@jest/globals';
import { counter, gauge, histogram, registry } from './metrics.ts';

describe('metrics', () => {
  it('are the same when asked for twice', () => {
    counter('spec_total', 'A counter.', ['kind']).inc({ kind: 'a' });
    counter('spec_total', 'A counter.', ['kind']).inc({ kind: 'a' });
    expect(gauge('spec_gauge', 'A gauge.')).toBe(gauge('spec_gauge', 'A gauge.'));
    expect(histogram('spec_seconds', 'A histogram.')).toBe(histogram('spec_seconds', 'A histogram.'));
    return expect(registry.metrics()).resolves.toContain('spec_total{kind="a"} 2');
  });

  it('can be measured when they are read', async () => {
    let rows = 0;
    gauge('spec_rows', 'A gauge.', [], (self) => {
      self.set(rows);
    });
    rows = 7;
    expect(await registry.metrics()).toContain('spec_rows 7');
  });
});
