/** Does what the plan says at the time the plan says, and puts everything right at the end. */
import { SERVICES, type ServiceName } from '../services/services.ts';
import type { Client } from '../stack/client.ts';
import { laneOf, type AppInstance, type Fault, type Victim } from './plan.ts';
import { flushRedis, healMysql, poison, tormentMysql, tormentRabbitmq, unbind } from './sabotage.ts';
import { outageOf, type Outage, type Silence } from './outages.ts';
import type { World } from './world.ts';

/** A process that was stopped, or a server it needs that was, has a moment to come back to its senses. */
const AFTERMATH_MS = 1_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const isService = (victim: Victim): victim is ServiceName => SERVICES.some((name) => name === victim);

export class Nemesis {
  readonly silences: Silence[] = [];
  readonly outages: Outage[] = [];
  injected = 0;
  /** What could not be done, for example because the target was down already. */
  readonly misses: string[] = [];
  readonly #busy = new Map<string, Promise<void>>();

  /** @param silent WeChat tells nothing by itself, from beginning to end */
  constructor(
    private readonly world: World,
    private readonly control: Client,
    private readonly say: (line: string) => void,
    private readonly silent = false,
  ) {}

  /** Runs all faults, side by side where they overlap; those in one lane one after the other. */
  async run(faults: readonly Fault[], startedAt: number): Promise<void> {
    if (this.silent) await this.#wechat({});
    await Promise.all(
      faults.map(async (fault) => {
        await pause(startedAt + fault.atMs - Date.now());
        const lane = laneOf(fault);
        const turn = (this.#busy.get(lane) ?? Promise.resolve()).then(() => this.#guarded(fault));
        this.#busy.set(lane, turn);
        await turn;
      }),
    );
  }

  /** Puts everything right: no faults at WeChat, no weather, right clocks, everybody awake and running. */
  async heal(): Promise<void> {
    for (const proxy of Object.values(this.world.proxies)) proxy.heal();
    for (const name of SERVICES) await this.world.services.resume(name);
    await healMysql(this.world);
    await this.#wechat({});
    await this.control.rules({ refundEndsAs: 'SUCCESS' });
    for (const name of this.world.processes) {
      if (name === 'wechat-simulator') continue;
      this.world.steering(name).setClock(0);
      this.world.resumeApp(name);
      if (!this.world.isRunning(name)) await this.world.startApp(name);
    }
    await this.world.whenReady();
  }

  async #guarded(fault: Fault): Promise<void> {
    const outage = outageOf(fault, Date.now());
    if (outage) this.outages.push(outage);
    try {
      await this.#inject(fault);
      this.injected += 1;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.misses.push(`${fault.kind}: ${reason}`);
      this.say(`fault ${fault.kind} was not possible: ${reason}`);
      if (outage) outage.dead = false;
    } finally {
      if (outage) outage.to = Date.now();
    }
  }

  async #inject(fault: Fault): Promise<void> {
    const { world } = this;
    switch (fault.kind) {
      case 'kill':
      case 'stop':
        if (isService(fault.target)) return this.#tormentService(fault.kind, fault.target, fault.durationMs);
        return this.#tormentApp(fault.kind, fault.target, fault.durationMs);
      case 'flushall':
        return flushRedis(world);
      case 'unbind':
        return unbind(world, fault.target);
      case 'poison':
        return poison(world, fault.target, fault.messages);
      case 'link':
        world.proxies[fault.target].set(fault.how);
        return this.#for(fault.durationMs, () => world.proxies[fault.target].heal());
      case 'wechat':
        await this.#wechat(fault.plan);
        return this.#for(fault.durationMs, () => this.#wechat({}));
      case 'refunds-end':
        await this.control.rules({ refundEndsAs: fault.as });
        return this.#for(fault.durationMs, () => this.control.rules({ refundEndsAs: 'SUCCESS' }));
      case 'mysql':
        return this.#for(fault.durationMs, await tormentMysql(world, fault.how));
      case 'rabbitmq':
        return this.#for(fault.durationMs, await tormentRabbitmq(world, fault.how));
      case 'clock':
        world.steering(fault.target).setClock(fault.byMs);
        return this.#for(fault.durationMs, () => world.steering(fault.target).setClock(0));
      case 'wechat-clock':
        return this.control.advanceClock(fault.aheadMs);
    }
  }

  async #for(ms: number, heal: () => Promise<void> | void): Promise<void> {
    await pause(ms);
    await heal();
  }

  #wechat(plan: Record<string, unknown>): Promise<void> {
    return this.control.faults(this.silent ? { ...plan, notify: { off: true } } : plan);
  }

  async #tormentApp(how: 'kill' | 'stop', app: AppInstance, durationMs: number): Promise<void> {
    const silence: Silence = { app, killed: how === 'kill', from: Date.now(), to: Infinity };
    this.silences.push(silence);
    if (how === 'kill') await this.world.killApp(app);
    else this.world.pauseApp(app);
    await pause(durationMs);
    if (how === 'kill') await this.world.startApp(app);
    else this.world.resumeApp(app);
    silence.to = Date.now() + AFTERMATH_MS;
  }

  async #tormentService(how: 'kill' | 'stop', service: ServiceName, durationMs: number): Promise<void> {
    const { services } = this.world;
    if (how === 'kill') await services.kill(service);
    else await services.pause(service);
    await pause(durationMs);
    if (how === 'kill') await services.start(service);
    else await services.resume(service);
  }
}
