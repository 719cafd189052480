/**
 * The faults that tests ask for. What happens to the n-th notification depends on the seed and on n alone, so a run
 * can be repeated.
 */

export const endpointNames = ['unifiedorder', 'orderquery', 'closeorder'] as const;
export type EndpointName = (typeof endpointNames)[number];

export interface NotifyFaults {
  /** Share of tries that get lost on the way (0–1). */
  dropRate: number;
  /** Share of tries that are sent twice at the same time (0–1). */
  duplicateRate: number;
  /** Wait before each try. */
  delayMs: number;
  /** Added to the amount in the message: a notification that contradicts the order query. */
  amountDelta: number;
  seed: number;
  /** All notifications get lost. */
  off: boolean;
}

/** Applies to the next `times` requests (without it: to all); several members may be combined. */
export interface EndpointFault {
  /** HTTP status 500–599 with an HTML page; nothing is done. */
  refuse?: number | undefined;
  /** Nothing is done, and after this time the connection is cut. */
  hangMs?: number | undefined;
  /** Done at once, answered later. */
  answerAfterMs?: number | undefined;
  /** Done, but the connection is cut instead of an answer. */
  dropAnswer?: boolean | undefined;
  /** `SYSTEMERROR`, without doing it or after doing it. */
  systemError?: 'before' | 'after' | undefined;
  wrongSign?: boolean | undefined;
  times?: number | undefined;
}

export interface Faults {
  notify: NotifyFaults;
  endpoints: Partial<Record<EndpointName, EndpointFault>>;
}

export interface NoticeFate {
  lost: 'dropped' | 'off' | undefined;
  twice: boolean;
  delayMs: number;
  amountDelta: number;
}

export const noNotifyFaults: NotifyFaults = {
  dropRate: 0,
  duplicateRate: 0,
  delayMs: 0,
  amountDelta: 0,
  seed: 1,
  off: false,
};

export class FaultPlan {
  #faults: Faults = { notify: noNotifyFaults, endpoints: {} };
  #draw = drawer(noNotifyFaults.seed);

  /** Replaces the whole plan; the sequence of the seed starts anew. */
  set(faults: Faults): void {
    this.#faults = {
      notify: { ...faults.notify },
      endpoints: Object.fromEntries(Object.entries(faults.endpoints).map(([name, fault]) => [name, { ...fault }])),
    };
    this.#draw = drawer(faults.notify.seed);
  }

  clear(): void {
    this.set({ notify: noNotifyFaults, endpoints: {} });
  }

  /** The plan with what is left of every `times`. */
  current(): Faults {
    return structuredClone(this.#faults);
  }

  /** Decides about the next try of any notification. */
  nextNotice(): NoticeFate {
    const { notify } = this.#faults;
    const [drop, twice] = [this.#draw() < notify.dropRate, this.#draw() < notify.duplicateRate];
    const lost = notify.off ? 'off' : drop ? 'dropped' : undefined;
    return { lost, twice: twice && lost === undefined, delayMs: notify.delayMs, amountDelta: notify.amountDelta };
  }

  /** The fault for the next request at this endpoint; takes one off its `times`. */
  nextRequest(endpoint: EndpointName): EndpointFault {
    const fault = this.#faults.endpoints[endpoint];
    if (!fault || fault.times === 0) return {};
    if (fault.times !== undefined) fault.times -= 1;
    return fault;
  }
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
