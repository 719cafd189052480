import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhenResult,
  SamplingBreaker,
} from 'cockatiel';
import { unknown } from './call-result.ts';
import { type Judgement } from './judge.ts';
import { type CallOptions, type Exchange } from './transport.ts';

// Opens when more than half of at least 20 calls within 10 s failed, tries one call after 5 s.
const SAMPLE_MS = 10_000;
const MINIMUM_CALLS = 20;
const HALF_OPEN_AFTER_MS = 5_000;

/**
 * One path of the API behind its own circuit breaker, so that failing prepays never block queries. Only trouble of
 * WeChat Pay or of the way to it counts as failure: no answer, an unreadable one, system errors. Refusals are answers.
 */
export class Endpoint {
  private readonly breaker: CircuitBreakerPolicy;
  private readonly post: (xml: string, options: CallOptions) => Promise<Exchange>;
  private readonly judge: (body: Buffer) => Judgement;

  constructor(post: (xml: string, options: CallOptions) => Promise<Exchange>, judge: (body: Buffer) => Judgement) {
    this.post = post;
    this.judge = judge;
    this.breaker = circuitBreaker(
      handleWhenResult((result) => this.isTrouble(result as Judgement)),
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

  /** Sends one message and judges the answer; an open breaker answers `circuit open` without sending. */
  async call(xml: string, options: CallOptions): Promise<Judgement> {
    // While one call tries whether the other side is back, cockatiel would let the others wait past their deadlines.
    if (this.breaker.state === CircuitState.HalfOpen) return unknown('circuit open');
    try {
      return await this.breaker.execute(() => this.exchange(xml, options));
    } catch (error) {
      if (error instanceof BrokenCircuitError) return unknown('circuit open');
      throw error;
    }
  }

  private async exchange(xml: string, options: CallOptions): Promise<Judgement> {
    const exchange = await this.post(xml, options);
    return exchange.kind === 'answer' ? this.judge(exchange.body) : unknown(exchange.reason, exchange.retryable);
  }

  private isTrouble(result: Judgement): boolean {
    if (result.kind !== 'unknown') return false;
    // A caller who gave up proves nothing about the other side, but it does not prove that it is back either.
    return result.reason !== 'aborted' || this.breaker.state === CircuitState.HalfOpen;
  }
}
