/**
 * When which fault strikes. What happens to the n-th request or notification depends on the seed and on n alone, so a
 * run can be repeated.
 */
import {
  noFaults,
  noNotifyFaults,
  type EndpointFault,
  type EndpointName,
  type Faults,
  type Forgery,
  type NotifyFaults,
  type OauthFault,
} from './faults.ts';

export interface NoticeFate extends Pick<
  NotifyFaults,
  'amountDelta' | 'slowMs' | 'signType' | 'unknownFields' | 'emptyFields'
> {
  lost: 'dropped' | 'off' | undefined;
  twice: boolean;
  /** Wait before this try. */
  delayMs: number;
  forgery: Forgery | undefined;
}

export class FaultPlan {
  #faults: Faults = noFaults;
  #notices = drawer(noNotifyFaults.seed);
  /** Newer faults draw from a sequence of their own: an old plan goes on as before. */
  #tricks = drawer(noNotifyFaults.seed);
  #requests = drawer(0);

  constructor() {
    this.clear();
  }

  /** Replaces the whole plan; the sequences of the seeds start anew. */
  set(faults: Faults): void {
    this.#faults = structuredClone(faults);
    this.#notices = drawer(faults.notify.seed);
    this.#tricks = drawer(faults.notify.seed ^ 0x5bd1e995);
    this.#requests = drawer(faults.random?.seed ?? 0);
  }

  clear(): void {
    this.set(noFaults);
  }

  /** The plan with what is left of every `times`. */
  current(): Faults {
    return structuredClone(this.#faults);
  }

  /** Whether it matters which order a request is about. */
  get knowsOrders(): boolean {
    return Object.keys(this.#faults.orders).length > 0;
  }

  /** Decides about the next try of a notification. */
  nextNotice(outTradeNo?: string): NoticeFate {
    const own = outTradeNo === undefined ? undefined : this.#own(outTradeNo)?.notify;
    const notify: NotifyFaults = { ...this.#faults.notify, ...own };
    const [drop, twice] = [this.#notices() < notify.dropRate, this.#notices() < notify.duplicateRate];
    const [forge, jitter] = [this.#tricks() < notify.forgeRate, Math.floor(this.#tricks() * notify.jitterMs)];
    const lost = notify.off ? 'off' : drop ? 'dropped' : undefined;
    const { delayMs, amountDelta, slowMs, signType, unknownFields, emptyFields } = notify;
    return {
      lost,
      twice: twice && lost === undefined,
      delayMs: delayMs + jitter,
      forgery: forge ? notify.forgery : undefined,
      ...{ amountDelta, slowMs, signType, unknownFields, emptyFields },
    };
  }

  /** The fault for the next request at this endpoint; takes one off its `times`. */
  nextRequest(endpoint: EndpointName, outTradeNo?: string): EndpointFault {
    const own = outTradeNo === undefined ? undefined : this.#own(outTradeNo)?.[endpoint];
    return take(own) ?? take(this.#faults.endpoints[endpoint]) ?? this.#byChance(endpoint) ?? {};
  }

  /** The fault for the next exchange of an OAuth code. */
  nextExchange(): OauthFault {
    return take(this.#faults.oauth) ?? {};
  }

  #own(outTradeNo: string): Faults['orders'][string] | undefined {
    return Object.hasOwn(this.#faults.orders, outTradeNo) ? this.#faults.orders[outTradeNo] : undefined;
  }

  #byChance(endpoint: EndpointName): EndpointFault | undefined {
    const { random } = this.#faults;
    if (!random || (random.endpoints && !random.endpoints.includes(endpoint))) return undefined;
    const [strikes, which] = [this.#requests() < random.share, this.#requests()];
    return strikes ? random.choose[Math.floor(which * random.choose.length)] : undefined;
  }
}

function take<F extends { times?: number | undefined }>(fault: F | undefined): F | undefined {
  if (!fault || fault.times === 0) return undefined;
  if (fault.times !== undefined) fault.times -= 1;
  return fault;
}

/** A small seeded sequence of numbers in [0, 1): multiply-and-mix on 32 bits, plenty for choosing victims. */
function drawer(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}
