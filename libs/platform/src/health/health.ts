import { Injectable } from '@nestjs/common';
import { Shutdown } from '../work/shutdown.ts';

/** Asks one dependency whether it works: resolves, or rejects. `false` says no without an error. */
export type Probe = () => Promise<unknown>;
export interface Readiness {
  /** `degraded`: something this app can do without for a while is away. */
  status: 'ready' | 'degraded' | 'unavailable' | 'stopping';
  checks: Record<string, 'up' | 'down'>;
}

const PROBE_WITHIN_MS = 2_000;
const FRESH_MS = 1_000;

/** Collects the probes of an app's dependencies and answers whether it may get traffic. */
@Injectable()
export class Health {
  private readonly probes = new Map<string, { probe: Probe; required: boolean }>();
  private latest: { at: number; readiness: Promise<Readiness> } | undefined;

  constructor(private readonly shutdown: Shutdown) {}

  /** `required`: without it the app is not ready; otherwise it is only degraded. */
  register(name: string, probe: Probe, { required }: { required: boolean }): void {
    this.probes.set(name, { probe, required });
  }

  /** Probes at most once a second, each for at most two seconds. */
  async readiness(): Promise<Readiness> {
    const now = performance.now();
    if (this.latest === undefined || now - this.latest.at > FRESH_MS) {
      this.latest = { at: now, readiness: this.ask() };
    }
    const readiness = await this.latest.readiness;
    return this.shutdown.isShuttingDown ? { ...readiness, status: 'stopping' } : readiness;
  }

  private async ask(): Promise<Readiness> {
    const answers = await Promise.all(
      [...this.probes].map(async ([name, { probe, required }]) => ({ name, required, up: await isUp(probe) })),
    );
    const down = answers.filter(({ up }) => !up);
    const status = down.some(({ required }) => required) ? 'unavailable' : down.length > 0 ? 'degraded' : 'ready';
    return { status, checks: Object.fromEntries(answers.map(({ name, up }) => [name, up ? 'up' : 'down'])) };
  }
}

async function isUp(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_WITHIN_MS);
  });
  try {
    return (await Promise.race([probe(), late])) !== false;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
