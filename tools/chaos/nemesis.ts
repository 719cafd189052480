/** Does what the plan says at the time the plan says, and puts everything right at the end. */
import { SERVICES, type ServiceName } from '../services/services.ts';
import type { Client } from '../stack/client.ts';
import type { AppInstance, Fault, Victim } from './plan.ts';
import type { World } from './world.ts';

/** A time in which an app could not answer through no fault of its own. */
export interface Silence {
  app: AppInstance;
  from: number;
  to: number;
}

/** A process that was stopped, or a server it needs that was, has a moment to come back to its senses. */
const AFTERMATH_MS = 1_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const isService = (victim: Victim): victim is ServiceName => SERVICES.some((name) => name === victim);

export class Nemesis {
  readonly silences: Silence[] = [];
  injected = 0;
  /** What could not be done, for example because the target was down already. */
  readonly misses: string[] = [];
  readonly #busy = new Map<string, Promise<void>>();

  constructor(
    private readonly world: World,
    private readonly control: Client,
    private readonly say: (line: string) => void,
  ) {}

  /** Runs all faults, side by side where they overlap; two of the same target one after the other. */
  async run(faults: readonly Fault[], startedAt: number): Promise<void> {
    await Promise.all(
      faults.map(async (fault) => {
        await pause(startedAt + fault.atMs - Date.now());
        const target = 'target' in fault ? fault.target : fault.kind;
        const turn = (this.#busy.get(target) ?? Promise.resolve()).then(() => this.#guarded(fault));
        this.#busy.set(target, turn);
        await turn;
      }),
    );
  }

  /** Puts everything right: no faults at WeChat, no weather, everybody awake and running. */
  async heal(): Promise<void> {
    for (const proxy of Object.values(this.world.proxies)) proxy.heal();
    for (const name of SERVICES) await this.world.services.resume(name);
    await this.control.faults({});
    for (const name of this.world.processes) {
      if (name === 'wechat-simulator') continue;
      this.world.resumeApp(name);
      if (!this.world.isRunning(name)) await this.world.startApp(name);
    }
    await this.world.whenReady();
  }

  async #guarded(fault: Fault): Promise<void> {
    try {
      await this.#inject(fault);
      this.injected += 1;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.misses.push(`${fault.kind}: ${reason}`);
      this.say(`fault ${fault.kind} was not possible: ${reason}`);
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
        return world.flushRedis();
      case 'unbind':
        return world.unbind(fault.target);
      case 'link': {
        world.proxies[fault.target].set(fault.how);
        await pause(fault.durationMs);
        world.proxies[fault.target].heal();
        return;
      }
      case 'wechat':
        await this.control.faults(fault.plan);
        await pause(fault.durationMs);
        await this.control.faults({});
    }
  }

  async #tormentApp(how: 'kill' | 'stop', app: AppInstance, durationMs: number): Promise<void> {
    const silence: Silence = { app, from: Date.now(), to: Infinity };
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
