import { Injectable } from '@nestjs/common';
import { event, LiveEvents } from '#platform';
import { OpenPages } from '../../flow/ports.ts';

@Injectable()
export class OpenPagesRabbit extends OpenPages {
  constructor(private readonly live: LiveEvents) {
    super();
  }

  override switched({ orderNo, outTradeNo }: { orderNo: string; outTradeNo: string }): void {
    this.live.announce(event('payment.switched', `payment.switched:${outTradeNo}`, { orderNo, outTradeNo }));
  }
}
