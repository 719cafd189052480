import { describe, expect, it } from '@jest/globals';
import { areOutcomes, done, park, retry } from './outcome.ts';

describe('the answer of a handler', () => {
  it('is one outcome per message', () => {
    expect(areOutcomes([done, retry('later'), park('never')], 3)).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['one outcome for all', 'done'],
    ['too few', [done]],
    ['something else', [done, 'ok']],
    ['a reason that is no text', [done, { retry: 1 }]],
    ['null', [done, null]],
  ])('is not %s', (_, answer) => {
    expect(areOutcomes(answer, 2)).toBe(false);
  });
});
