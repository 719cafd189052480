/** What was wrong when, as far as an app could know: the measure for its readiness. */
import type { AppInstance, Fault } from './plan.ts';

/** A time in which an app could not answer through no fault of its own. */
export interface Silence {
  app: AppInstance;
  /** Its process was ended, and had to start anew. */
  killed: boolean;
  from: number;
  to: number;
}

export type Dependency = 'mysql' | 'redis' | 'rabbitmq';

/** A time in which something that an app depends on was away, or at least not itself. */
export interface Outage {
  /** Whom it concerns. */
  apps: 'all' | 'pay' | 'order';
  dependency: Dependency;
  /** Nothing got through at all. */
  dead: boolean;
  from: number;
  to: number;
}

/** The outage that a fault is, from `from` on and with no end yet; undefined when no readiness is concerned. */
export function outageOf(fault: Fault, from: number): Outage | undefined {
  const all = { apps: 'all', from, to: Infinity } as const;
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return isDependency(fault.target) ? { ...all, dependency: fault.target, dead: true } : undefined;
    case 'mysql':
    case 'rabbitmq':
      return { ...all, dependency: fault.kind, dead: false };
    case 'link': {
      const [app, dependency = ''] = fault.target.split('-');
      if (!isDependency(dependency)) return undefined;
      const dead = ['blackhole', 'one-way', 'reset'].includes(fault.how.mode);
      return { ...all, apps: app === 'pay' ? 'pay' : 'order', dependency, dead };
    }
    default:
      return undefined;
  }
}

const isDependency = (name: string): name is Dependency => name === 'mysql' || name === 'redis' || name === 'rabbitmq';

/** Whether an outage concerns this process. */
export const concerns = ({ apps }: Pick<Outage, 'apps'>, app: AppInstance): boolean =>
  apps === 'all' || app.startsWith(`${apps}-`);
