import { jest } from '@jest/globals';

/**
 * Stops the timers of the steps: time is a matter of the scene. Without this, every order of turns that is left behind
 * would leave the deadline of its notification behind.
 */
export function stopTimers(): void {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
  });
}

/** Forgets what was left behind. */
export const forgetTimers = (): unknown => jest.clearAllTimers();

/** Whoever sleeps for at most `ms` wakes. Answers whether anybody slept. */
export function wake(ms: number): boolean {
  if (jest.getTimerCount() === 0) return false;
  jest.advanceTimersByTime(ms);
  return true;
}
