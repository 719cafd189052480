import { type Deadline } from './deadline.ts';
import { type Exchange, type Host, type NoAnswer, type Opened } from './host.ts';

// How long a host that could not be reached is asked last.
const AVOIDED_MS = 30_000;

/**
 * The hosts of one API, the main one first. When a host cannot be reached the next one is asked at once: allowed for
 * every call, refunds included, because nothing was sent yet. As soon as anything may have arrived there is no other
 * host for that call.
 */
export class Hosts {
  private readonly hosts: readonly Host[];
  private readonly avoidedUntilMs = new Map<Host, number>();
  private readonly connectMs: number;

  constructor(hosts: readonly Host[], connectMs: number) {
    this.hosts = hosts;
    this.connectMs = connectMs;
  }

  /** As Host.post, at the first host that can be reached. */
  post(path: string, xml: string, deadline: Deadline): Promise<Exchange> {
    return this.reach(deadline, (host, connectMs) => host.post(path, xml, deadline, connectMs));
  }

  /** As Host.open, at the first host that can be reached. */
  open(path: string, xml: string, deadline: Deadline): Promise<Opened> {
    return this.reach(deadline, (host, connectMs) => host.open(path, xml, deadline, connectMs));
  }

  close(): void {
    for (const host of this.hosts) host.close();
  }

  private async reach<T extends { kind: string } | NoAnswer>(
    deadline: Deadline,
    ask: (host: Host, connectMs: number) => Promise<T | NoAnswer>,
  ): Promise<T | NoAnswer> {
    const hosts = this.inOrder();
    for (const [index, host] of hosts.entries()) {
      const remaining = hosts.length - index;
      // A host that does not answer must leave time for the next one.
      const result = await ask(host, Math.min(this.connectMs, Math.max(1, deadline.leftMs() / remaining)));
      if (!isUnreached(result)) {
        this.avoidedUntilMs.delete(host);
        return result;
      }
      this.avoidedUntilMs.set(host, performance.now() + AVOIDED_MS);
      if (remaining === 1 || deadline.over() !== undefined) return result;
    }
    throw new Error('no host is configured');
  }

  private inOrder(): Host[] {
    const now = performance.now();
    const avoided = (host: Host) => Number((this.avoidedUntilMs.get(host) ?? 0) > now);
    return [...this.hosts].sort((left, right) => avoided(left) - avoided(right));
  }
}

function isUnreached(result: { kind: string } | NoAnswer): result is NoAnswer {
  return 'sent' in result && !result.sent && result.reason !== 'aborted' && result.reason !== 'deadline';
}
