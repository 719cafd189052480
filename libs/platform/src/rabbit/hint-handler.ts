import { Logger } from '@nestjs/common';
import type { QueueSpec } from '#contract';
import type { ConsumeMessage } from 'amqplib';
import { failPoint } from '../faults/fail-point.ts';
import type { Settled } from './batch-consumer.ts';
import { errorText, InfrastructureTrouble } from './errors.ts';
import { handled } from './metrics.ts';
import { readJson } from './read-event.ts';

export interface HintHandlerOptions {
  queue: QueueSpec;
  type: string;
  isHint: (data: unknown) => boolean;
  call: (hints: unknown[]) => Promise<unknown>;
  isTrouble: (error: unknown) => Promise<boolean>;
}

/**
 * Messages that only make something happen sooner (a time-out whose deadline also stands in the database). One that
 * cannot be read or handled is logged and dropped; only trouble that all would have gives them back.
 */
export class HintHandler {
  private readonly logger: Logger;

  constructor(private readonly options: HintHandlerOptions) {
    this.logger = new Logger(`hints ${options.queue.name}`);
  }

  handle = async (batch: readonly ConsumeMessage[]): Promise<Settled> => {
    const { queue, type, isHint, call, isTrouble } = this.options;
    const hints = batch
      .map(({ content }) => readJson(content))
      .flatMap((json) => ('value' in json ? [json.value] : []));
    const usable = hints.filter(isHint);
    if (usable.length < batch.length) this.logger.warn(`${batch.length - usable.length} unreadable messages dropped`);
    let outcome = 'done';
    if (usable.length > 0) {
      try {
        await call(usable);
        failPoint('timeout.handled', usable);
      } catch (error) {
        if (await isTrouble(error)) return { settled: [], trouble: new InfrastructureTrouble(errorText(error), error) };
        this.logger.error(`${usable.length} dropped: ${errorText(error)}`);
        outcome = 'dropped';
      }
    }
    handled.inc({ queue: queue.name, type, outcome }, usable.length);
    return { settled: batch };
  };
}
