import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Shutdown } from '../work/shutdown.ts';
import { Health } from './health.ts';

const make = (): { health: Health; shutdown: Shutdown } => {
  const shutdown = new Shutdown();
  return { shutdown, health: new Health(shutdown) };
};
const up = () => Promise.resolve();
const down = () => Promise.reject(new Error('away'));

afterEach(() => {
  jest.useRealTimers();
});

describe('readiness', () => {
  it.each([
    ['ready when all is up', up, up, 'ready'],
    ['degraded without what the app can do without', up, down, 'degraded'],
    ['unavailable without what it needs', down, up, 'unavailable'],
  ])('is %s', async (_what, mysql, redis, status) => {
    const { health } = make();
    health.register('mysql', mysql, { required: true });
    health.register('redis', redis, { required: false });
    expect((await health.readiness()).status).toBe(status);
  });

  it('takes a probe that does not answer for down', async () => {
    jest.useFakeTimers();
    const { health } = make();
    health.register('mysql', () => new Promise(() => undefined), { required: true });
    const readiness = health.readiness();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await readiness).toEqual({ status: 'unavailable', checks: { mysql: 'down' } });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('probes once for many who ask within a second', async () => {
    const { health } = make();
    const probe = jest.fn(up);
    health.register('mysql', probe, { required: true });
    await Promise.all([health.readiness(), health.readiness(), health.readiness()]);
    await health.readiness();
    expect(probe).toHaveBeenCalledTimes(1);
  });

  it('is over the moment the app begins to stop, whatever was cached', async () => {
    const { health, shutdown } = make();
    health.register('mysql', up, { required: true });
    expect((await health.readiness()).status).toBe('ready');
    shutdown.begin();
    expect((await health.readiness()).status).toBe('stopping');
  });
});
