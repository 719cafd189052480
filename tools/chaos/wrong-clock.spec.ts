import { describe, expect, it } from '@jest/globals';
import { isDate } from 'node:util/types';
import { bendDate } from './wrong-clock.ts';

describe('a clock that is wrong', () => {
  const Bent = bendDate(() => 3_600_000);

  it('shows another time wherever nobody names one', () => {
    const right = Date.now();
    expect(Bent.now() - right).toBeGreaterThanOrEqual(3_600_000);
    expect(new Bent().getTime() - right).toBeGreaterThanOrEqual(3_600_000);
    expect(new Bent(5).getTime()).toBe(5);
    expect(new Bent(2026, 0, 1).getFullYear()).toBe(2026);
    expect(Bent.UTC(2026, 0, 1)).toBe(Date.UTC(2026, 0, 1));
  });

  it('makes dates that are dates to everybody', () => {
    expect(isDate(new Bent())).toBe(true);
    expect(new Bent() instanceof Date).toBe(true);
    expect(new Date() instanceof Bent).toBe(true);
    expect(JSON.stringify({ at: new Bent(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });
});
