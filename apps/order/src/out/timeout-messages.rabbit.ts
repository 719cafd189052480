import { Injectable, Logger } from '@nestjs/common';
import { TIMEOUT_TYPE } from '#contract';
import { failPoint, Publisher } from '#platform';
import { TimeoutMessages } from '../flow/ports.ts';

/** Sends time-out messages into the delay queue. One line is logged per outage: the sweep does the work meanwhile. */
@Injectable()
export class RabbitTimeoutMessages extends TimeoutMessages {
  private readonly logger = new Logger(RabbitTimeoutMessages.name);
  private failing = false;

  constructor(
    private readonly publisher: Publisher,
    /** The queue whose delay is the time to pay. */
    private readonly delayQueue: string,
  ) {
    super();
  }

  override schedule(orderNo: string): void {
    failPoint('place.before-timeout', orderNo);
    this.publisher
      .publish({
        exchange: '',
        routingKey: this.delayQueue,
        messageId: `${TIMEOUT_TYPE}:${orderNo}`,
        type: TIMEOUT_TYPE,
        body: { orderNo },
        mandatory: true,
      })
      .then(
        () => (this.failing = false),
        (error: unknown) => {
          if (!this.failing) this.logger.warn({ orderNo, error: String(error) }, 'time-out message not sent');
          this.failing = true;
        },
      );
  }
}
