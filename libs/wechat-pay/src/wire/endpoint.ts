import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhenResult,
  SamplingBreaker,
} from 'cockatiel';
import { type CallResult, unknown } from './call-result.ts';
import { type Deadline } from './deadline.ts';
import { type NoAnswer } from './host.ts';
import { type RateLimit } from './rate-limit.ts';

/** What one try came to, and whether the same message may be sent again by itself. */
export interface Tried<T> {
  readonly result: CallResult<T>;
  /** `soon` for trouble of the moment, `later` when WeChat Pay asked for fewer calls. */
  readonly again: 'no' | 'soon' | 'later';
  /** Whether what was asked may have been done, although nobody said so. */
  readonly isOpen: boolean;
}

/** How calls are repeated, always within their deadline. Pauses double each time and are shortened at random. */
export interface RetryPolicy {
  /** Most tries of one call, the first included. */
  readonly tries: number;
  /** Pause before the first repeat. */
  readonly pauseMs: number;
  /** The same when WeChat Pay said that there were too many calls. */
  readonly limitedPauseMs: number;
}

// Opens when more than half of at least 20 tries within 10 s failed, lets one through after 5 s.
const SAMPLE_MS = 10_000;
const MINIMUM_CALLS = 20;
const HALF_OPEN_AFTER_MS = 5_000;

const SOON = new Set(['SYSTEMERROR', 'SYSTEM_ERROR', 'BIZERR_NEED_RETRY']);
const NOT_SENT = { result: unknown('circuit open'), again: 'no', isOpen: false } as const;
const LATER = new Set(['FREQUENCY_LIMITED', 'FREQUENCY_LIMIT']);

/** A try without an answer. What never left may be sent again, whatever it was. */
export function unanswered({ reason, retryable, sent }: NoAnswer): Tried<never> {
  const over = reason === 'aborted' || reason === 'deadline';
  return { result: unknown(reason, retryable), again: sent || over ? 'no' : 'soon', isOpen: sent };
}

/**
 * A try that WeChat Pay answered.
 * @param repeatable whether the call may be repeated although it may have been done.
 */
export function answered<T>(result: CallResult<T>, repeatable: boolean): Tried<T> {
  const reason = repeatable && result.kind === 'unknown' ? result.reason : '';
  const again = SOON.has(reason) ? 'soon' : LATER.has(reason) ? 'later' : 'no';
  return { result, again, isOpen: result.kind === 'unknown' && again !== 'later' };
}

/**
 * One path of the API behind the merchant's rate limit and its own circuit breaker, so that failing prepays never block
 * queries. Only trouble of WeChat Pay or of the way to it counts as failure: no answer, an unreadable one, system
 * errors. Refusals are answers.
 */
export class Endpoint<T> {
  private readonly breaker: CircuitBreakerPolicy;
  private readonly attempt: (xml: string, deadline: Deadline) => Promise<Tried<T>>;
  private readonly limit: RateLimit;
  private readonly retry: RetryPolicy;

  constructor(attempt: (xml: string, deadline: Deadline) => Promise<Tried<T>>, limit: RateLimit, retry: RetryPolicy) {
    this.attempt = attempt;
    this.limit = limit;
    this.retry = retry;
    this.breaker = circuitBreaker(
      handleWhenResult((tried) => this.isTrouble((tried as Tried<T>).result)),
      {
        halfOpenAfter: HALF_OPEN_AFTER_MS,
        breaker: new SamplingBreaker({
          threshold: 0.5,
          duration: SAMPLE_MS,
          minimumRps: MINIMUM_CALLS / (SAMPLE_MS / 1000),
        }),
      },
    );
  }

  /** Sends one message, repeats it where that is allowed and the deadline leaves time, and gives the last result. */
  async call(xml: string, deadline: Deadline): Promise<CallResult<T>> {
    let isOpen = false;
    for (let repeat = 0; ; repeat++) {
      const { result, again, ...tried } = await this.tryOnce(xml, deadline);
      if (result.kind === 'refused' && isOpen) return { ...result, afterUnknown: true };
      if (again === 'no' || repeat + 1 >= this.retry.tries) return result;
      isOpen ||= tried.isOpen;
      const pauseMs = (again === 'soon' ? this.retry.pauseMs : this.retry.limitedPauseMs) * 2 ** repeat;
      if (!(await deadline.pause(pauseMs * (0.5 + Math.random() / 2)))) return result;
    }
  }

  /** An open breaker answers `circuit open`, an exhausted limit `rate limit`, both without sending. */
  private async tryOnce(xml: string, deadline: Deadline): Promise<Tried<T>> {
    if (deadline.over() === undefined && !(await this.limit.turn(deadline)))
      return { result: unknown(deadline.over() ?? 'rate limit'), again: 'no', isOpen: false };
    // While one call tries whether the other side is back, cockatiel would let the others wait past their deadlines.
    if (this.breaker.state === CircuitState.HalfOpen) return NOT_SENT;
    try {
      return await this.breaker.execute(() => this.attempt(xml, deadline));
    } catch (error) {
      if (error instanceof BrokenCircuitError) return NOT_SENT;
      throw error;
    }
  }

  private isTrouble(result: CallResult<T>): boolean {
    if (result.kind !== 'unknown' || result.reason === 'BILL_CREATING') return false;
    // A caller who gave up proves nothing about the other side, but it does not prove that it is back either.
    return result.reason !== 'aborted' || this.breaker.state === CircuitState.HalfOpen;
  }
}
