import { beforeEach, describe, expect, it } from '@jest/globals';
import { SettableClock } from './clock.ts';

describe('SettableClock', () => {
  let wall: number;
  let clock: SettableClock;

  beforeEach(() => {
    wall = 1_000_000;
    clock = new SettableClock(() => wall);
  });

  const forward = (ms: number): void => {
    clock.stop();
    clock.forward(ms);
    clock.go();
  };

  it('shows the time of the machine until it is moved', () => {
    wall += 5;
    expect([clock.line(), clock.shown(), clock.messageTime()]).toEqual([1_000_005, 1_000_005, 1_000_005]);
  });

  it('moves timers and what it shows ahead, but not the time in messages', () => {
    forward(60_000);
    wall += 1;
    expect([clock.line(), clock.shown(), clock.messageTime()]).toEqual([1_060_001, 1_060_001, 1_000_001]);
  });

  it('stands still while frozen, and messages carry the frozen time', () => {
    clock.freeze();
    clock.show(42);
    wall += 10_000;
    expect([clock.line(), clock.shown(), clock.messageTime()]).toEqual([1_000_000, 42, 42]);
  });

  it('leaves timers the time they had when it is reset', () => {
    forward(60_000);
    const due = clock.line() + 15_000;
    clock.freeze();
    wall += 99_000;
    clock.reset();
    expect(due - clock.line()).toBe(15_000);
    expect(clock.shown()).toBe(wall);
    expect(clock.frozen).toBe(false);
  });

  it('tells the calendar time at which a point of the line will come', () => {
    const due = clock.line() + 60_000;
    forward(45_000);
    expect(clock.messageTimeOf(due)).toBe(wall + 15_000);
  });

  it('goes on from its state in another process', () => {
    forward(60_000);
    clock.freeze();
    clock.show(7);
    const other = new SettableClock(() => wall + 500);
    other.restore(clock.state());
    expect([other.line(), other.shown(), other.frozen]).toEqual([1_060_000, 7, true]);
  });
});
