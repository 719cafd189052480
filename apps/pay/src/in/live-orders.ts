import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Event } from '#contract';
import { LiveEvents } from '#platform';
import { RecordNews } from '../flow/record.ts';
import { Watch } from '../flow/watch.ts';
import { endings } from './order.consumer.ts';

/**
 * Hears how orders end at the same moment as every other instance, for the pages open at this one, and when the way to
 * pay has changed. It records how they end, as the inbox will: whichever is first, the page reads the truth.
 */
@Injectable()
export class LiveOrders implements OnApplicationBootstrap {
  private readonly logger = new Logger('live');

  constructor(
    private readonly live: LiveEvents,
    private readonly record: RecordNews,
    private readonly watch: Watch,
  ) {}

  onApplicationBootstrap(): void {
    this.live.listen(['order.paid', 'order.cancelled', 'order.failed', 'payment.switched'], {
      event: (event) => this.hear(event),
      gap: () => this.watch.missed(),
    });
  }

  private hear({ type, data: { orderNo } }: Event): void {
    if (type === 'payment.switched') this.watch.changed(orderNo);
    const status = endings[type];
    if (!status || !this.watch.isWatched(orderNo)) return;
    this.record.ended([{ orderNo, status }]).catch((error: unknown) => {
      this.logger.warn({ orderNo, reason: String(error) }, 'an open page will hear of its order later');
    });
  }
}
