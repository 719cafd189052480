import { describe, expect, it } from '@jest/globals';
import {
  checkTransitions,
  endOfClosing,
  FIRST_STATUS,
  isFinal,
  mayMove,
  orderStatuses,
  orderTransitions,
} from './order-states.ts';

describe('the transition table of an order', () => {
  it('is sound: every target is known, every state can be reached', () => {
    expect(() => checkTransitions(orderTransitions, FIRST_STATUS)).not.toThrow();
  });

  it('never lets a final state change', () => {
    const finals = orderStatuses.filter(isFinal);
    expect(finals.sort()).toEqual(['CANCELLED', 'PAY_FAILED', 'REFUNDED']);
    for (const from of finals) for (const to of orderStatuses) expect(mayMove(from, to)).toBe(false);
  });

  it('never cancels an order that WeChat may still be paid for', () => {
    expect(mayMove('WAIT_PAY', 'CANCELLED')).toBe(false);
    expect(mayMove('WAIT_PAY', 'PAY_FAILED')).toBe(false);
  });

  it('knows how each closing ends, by a way that exists', () => {
    for (const end of Object.values(endOfClosing)) expect(mayMove('CLOSING', end)).toBe(true);
  });
});

describe('the check at start', () => {
  it('names an unknown target', () => {
    expect(() => checkTransitions({ A: ['B'] }, 'A')).toThrow('A leads to unknown state B');
  });

  it('names a state that cannot be reached', () => {
    expect(() => checkTransitions({ A: ['B'], B: [], C: ['A'] }, 'A')).toThrow('state C cannot be reached');
  });

  it('names a first state that does not exist', () => {
    expect(() => checkTransitions({ A: [] }, 'Z')).toThrow('first state Z is unknown');
  });
});
