import { Logger } from '@nestjs/common';
import type { Event, Inbox } from '#contract';
import type { ConsumeMessage } from 'amqplib';
import { failPoint } from '../faults/fail-point.ts';
import { protection } from '../faults/protection.ts';
import type { Settled } from './batch-consumer.ts';
import { errorText, InfrastructureTrouble } from './errors.ts';
import { type Identity, idOf, toParked, toRetry, typeOf } from './forwarding.ts';
import { handled } from './metrics.ts';
import { areOutcomes, type Outcome, park, retry } from './outcome.ts';
import type { OutgoingMessage } from './publisher.ts';
import { readEvent } from './read-event.ts';
import { Late, within } from './within.ts';

const setsAside = protection('no-requeue');

/** Far below the broker's own limit for acknowledgements (30 min), far above what a batch takes. */
const HANDLER_DEADLINE_MS = 30_000;

export interface InboxHandlerOptions {
  inbox: Inbox;
  /** Calls the application's handler of one type with the events of one batch. */
  call: (type: string, events: Event[]) => Promise<unknown>;
  handles: (type: string) => boolean;
  publish: (message: OutgoingMessage) => Promise<void>;
  isInfrastructureTrouble: (error: unknown) => boolean;
  healthy: () => Promise<boolean>;
  handlerDeadlineMs?: number;
}

interface Item {
  message: ConsumeMessage;
  event: Event;
}

interface Decision {
  message: ConsumeMessage;
  identity: Identity;
  outcome: Outcome;
}

/**
 * Turns a batch of an inbox into acknowledgements: read and check each message, one handler call per type, then each
 * message as its outcome says. A message that goes to a retry queue or aside is acknowledged only after the broker has
 * confirmed its copy there; `nack` with requeue is never used, it would spin.
 */
export class InboxHandler {
  private readonly logger: Logger;

  constructor(private readonly options: InboxHandlerOptions) {
    this.logger = new Logger(`inbox ${options.inbox.queue.name}`);
  }

  handle = async (batch: readonly ConsumeMessage[], isOpen: () => boolean): Promise<Settled> => {
    const decisions: Decision[] = [];
    const groups = new Map<string, Item[]>();
    for (const message of batch) this.sort(message, decisions, groups);
    let trouble: InfrastructureTrouble | undefined;
    for (const [type, items] of groups) {
      trouble = await this.decide(type, items, decisions);
      if (trouble) break;
    }
    // Without its channel the whole batch comes again: forwarding it now would only make copies.
    if (!isOpen()) return { settled: [], ...(trouble && { trouble }) };
    return this.carryOut(decisions, trouble);
  };

  private sort(message: ConsumeMessage, decisions: Decision[], groups: Map<string, Item[]>): void {
    const reading = readEvent(message);
    if (reading.kind === 'park') {
      const identity = { messageId: idOf(message), type: typeOf(message) };
      decisions.push({ message, identity, outcome: park(reading.reason) });
      return;
    }
    if (reading.kind === 'retry') {
      const identity = { messageId: reading.id, type: reading.type };
      decisions.push({ message, identity, outcome: retry(reading.reason) });
      return;
    }
    const { event } = reading;
    if (!this.options.handles(event.type)) {
      const outcome = park(`nothing here handles ${event.type}`);
      decisions.push({ message, identity: identityOf(event), outcome });
      return;
    }
    const group = groups.get(event.type);
    if (group) group.push({ message, event });
    else groups.set(event.type, [{ message, event }]);
  }

  /** Adds a decision for every item, or answers the trouble that stopped it; decisions made until then stand. */
  private async decide(type: string, items: Item[], decisions: Decision[]): Promise<InfrastructureTrouble | undefined> {
    try {
      const outcomes = await this.callHandler(type, items);
      items.forEach(({ message, event }, i) =>
        decisions.push({ message, identity: identityOf(event), outcome: outcomes[i] as Outcome }),
      );
      return undefined;
    } catch (error) {
      const trouble = await this.asTrouble(error);
      if (trouble) return trouble;
      if (items.length === 1) {
        const reason = errorText(error);
        for (const { message, event } of items) {
          this.logger.warn(`handler of ${type} threw for ${event.id}: ${reason}`);
          decisions.push({ message, identity: identityOf(event), outcome: retry(reason) });
        }
        return undefined;
      }
      this.logger.warn(`handler of ${type} threw for ${items.length} messages: ${errorText(error)}; now one by one`);
    }
    for (const item of items) {
      const trouble = await this.decide(type, [item], decisions);
      if (trouble) return trouble;
    }
    return undefined;
  }

  private async callHandler(type: string, items: Item[]): Promise<Outcome[]> {
    const ms = this.options.handlerDeadlineMs ?? HANDLER_DEADLINE_MS;
    const events = items.map(({ event }) => event);
    failPoint('inbox.delivered', events);
    const call = this.options.call(type, events);
    const answer = await within(call, ms, `handler of ${type} not done`).catch((error: unknown) => {
      if (error instanceof Late) throw new InfrastructureTrouble(errorText(error), error);
      throw error;
    });
    if (!areOutcomes(answer, items.length)) {
      throw new TypeError(`handler of ${type} must answer one outcome per message`);
    }
    failPoint('inbox.handled', events);
    return answer;
  }

  /** Asks the health check too: an error may have lost what it was on its way here. */
  private async asTrouble(error: unknown): Promise<InfrastructureTrouble | undefined> {
    if (error instanceof InfrastructureTrouble) return error;
    const away = this.options.isInfrastructureTrouble(error) || !(await this.options.healthy().catch(() => false));
    return away ? new InfrastructureTrouble(errorText(error), error) : undefined;
  }

  private async carryOut(decisions: Decision[], trouble: InfrastructureTrouble | undefined): Promise<Settled> {
    const ours = setsAside ? decisions : decisions.filter(({ outcome }) => outcome === 'done');
    const results = await Promise.allSettled(ours.map((decision) => this.carryOutOne(decision)));
    const settled: ConsumeMessage[] = [];
    results.forEach((result, i) => {
      const decision = ours[i] as Decision;
      if (result.status === 'fulfilled') settled.push(decision.message);
      else trouble ??= new InfrastructureTrouble('a message could not be put aside', result.reason);
    });
    return { settled, ...(trouble && { trouble }) };
  }

  private async carryOutOne({ message, identity, outcome }: Decision): Promise<void> {
    const { inbox, publish } = this.options;
    const queue = inbox.queue.name;
    const { type } = identity;
    if (outcome === 'done') {
      handled.inc({ queue, type, outcome: 'done' });
      return;
    }
    const again = 'retry' in outcome ? toRetry(message, inbox, outcome.retry, identity) : undefined;
    if (again) {
      await publish(again);
      handled.inc({ queue, type, outcome: 'retried' });
      return;
    }
    const reason = 'park' in outcome ? outcome.park : `still failing after all retries: ${outcome.retry}`;
    await publish(toParked(message, inbox, reason, identity));
    handled.inc({ queue, type, outcome: 'parked' });
    this.logger.error(`parked ${identity.messageId}: ${errorText(reason)}`);
  }
}

const identityOf = (event: Event): Identity => ({ messageId: event.id, type: event.type });
