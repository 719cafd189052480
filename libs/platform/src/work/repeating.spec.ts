import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OneAtATime, Repeating } from './repeating.ts';

/** A job whose runs end when the test says so. */
const controlled = () => {
  const runs: { finish: () => void; fail: (error: Error) => void }[] = [];
  return { runs, job: () => new Promise<void>((resolve, reject) => runs.push({ finish: resolve, fail: reject })) };
};

beforeEach(() => {
  Logger.overrideLogger(false);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('OneAtATime', () => {
  it('does not run a second time beside itself', async () => {
    const { runs, job } = controlled();
    const once = new OneAtATime('job', job);
    const first = once.run();
    const second = once.run();
    expect(runs).toHaveLength(1);
    runs[0]?.finish();
    await Promise.all([first, second]);
    void once.run();
    expect(runs).toHaveLength(2);
  });

  it('survives a failure', async () => {
    const { runs, job } = controlled();
    const once = new OneAtATime('job', job);
    const first = once.run();
    runs[0]?.fail(new Error('no'));
    await expect(first).resolves.toBeUndefined();
    void once.run();
    expect(runs).toHaveLength(2);
  });

  it('waits for the run in progress when stopped, and never runs again', async () => {
    const { runs, job } = controlled();
    const once = new OneAtATime('job', job);
    void once.run();
    let stopped = false;
    const stopping = once.stop().then(() => (stopped = true));
    await Promise.resolve();
    expect(stopped).toBe(false);
    runs[0]?.finish();
    await stopping;
    await once.run();
    expect(runs).toHaveLength(1);
  });
});

describe('Repeating', () => {
  it('counts from the end of a run, never overlaps, and ends with stop', async () => {
    jest.useFakeTimers();
    const { runs, job } = controlled();
    const repeating = new Repeating({ name: 'job', everyMs: 1000 }, job);
    repeating.start();
    repeating.start();
    await jest.advanceTimersByTimeAsync(1101);
    expect(runs).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(1);
    runs[0]?.finish();
    await jest.advanceTimersByTimeAsync(1101);
    expect(runs).toHaveLength(2);
    runs[1]?.fail(new Error('no'));
    await jest.advanceTimersByTimeAsync(1101);
    expect(runs).toHaveLength(3);
    runs[2]?.finish();
    await repeating.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(3);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('runs at once when triggered', async () => {
    jest.useFakeTimers();
    const { runs, job } = controlled();
    const repeating = new Repeating({ name: 'job', everyMs: 1000 }, job);
    repeating.start();
    const triggered = repeating.trigger();
    expect(runs).toHaveLength(1);
    runs[0]?.finish();
    await triggered;
    expect(jest.getTimerCount()).toBe(1);
    await repeating.stop();
  });
});
