import { Injectable } from '@nestjs/common';
import type { RabbitConnection } from './connection.ts';
import type { Publisher } from './publisher.ts';
import type { RabbitServer } from './server.ts';

export interface RabbitHealth {
  status: 'up' | 'degraded' | 'down';
  /** One line for operators. */
  detail: string;
}

/** What the health endpoint says about RabbitMQ. `degraded`: connected, but messages do not flow both ways. */
@Injectable()
export class RabbitStatus {
  constructor(
    private readonly publishing: RabbitConnection,
    private readonly consuming: RabbitConnection,
    private readonly publisher: Publisher,
    private readonly server: RabbitServer,
  ) {}

  /** The same, after the broker has answered on both connections. Rejects or hangs when it does not. */
  async probe(): Promise<RabbitHealth> {
    const health = this.check();
    if (health.status === 'up') await Promise.all([this.publishing.answers(), this.consuming.answers()]);
    return health;
  }

  /** What is known without asking anybody. */
  check(): RabbitHealth {
    if (this.publishing.state === 'down' || this.consuming.state === 'down') {
      return { status: 'down', detail: 'not connected' };
    }
    if (this.publishing.state === 'blocked') return { status: 'degraded', detail: 'the broker has an alarm' };
    if (this.server.paused) return { status: 'degraded', detail: 'consumption waits for the database' };
    if (!this.publisher.available) return { status: 'degraded', detail: 'publishing is not possible' };
    if (!this.server.consuming) return { status: 'degraded', detail: 'a queue has no consumer' };
    return { status: 'up', detail: 'connected' };
  }
}
