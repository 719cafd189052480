import { type DynamicModule, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { orderNo, orderRequests, TIMEOUT_TYPE, timeoutInbox, type TopologyNames } from '#contract';
import { DataSource } from 'typeorm';
import { Health } from '../health/health.ts';
import { Database } from '../mysql/mysql.module.ts';
import { isInfrastructureTrouble } from '../mysql/trouble.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Shutdown } from '../work/shutdown.ts';
import { RabbitClient } from './client.ts';
import { RabbitConnection } from './connection.ts';
import { LiveEvents } from './live-events.ts';
import { ParkedMessages } from './parked-messages.ts';
import { Publisher } from './publisher.ts';
import { RabbitServer } from './server.ts';
import { RabbitStatus } from './status.ts';
import { type AppName, type Topology, topologyOf } from './topology.ts';

export interface RabbitModuleOptions {
  app: AppName;
  /** `amqp://user:password@host:5672/vhost` */
  url: string;
  names: TopologyNames;
  /** Delay of the time-out queue this app publishes to (order). */
  timeoutDelayMs?: number;
  /** Messages a consumer may hold; 400 if absent. */
  prefetch?: number;
  /** Most messages in one handler call; 200 if absent. */
  maxBatch?: number;
}

const PUBLISHING = Symbol('rabbit connection that publishes');
const CONSUMING = Symbol('rabbit connection that consumes');
const TOPOLOGY = Symbol('rabbit topology');

/** Starts the messaging of an app with it, and ends it in the order that loses nothing. */
@Injectable()
class RabbitLifecycle implements OnApplicationBootstrap {
  constructor(
    private readonly connections: readonly RabbitConnection[],
    private readonly publisher: Publisher,
    private readonly client: RabbitClient,
    private readonly outbox: Outbox,
    server: RabbitServer,
    liveEvents: LiveEvents,
    status: RabbitStatus,
    health: Health,
    shutdown: Shutdown,
  ) {
    health.register('rabbitmq', async () => (await status.probe()).status === 'up', { required: false });
    shutdown.on('intake', 'consumers', () => server.close());
    shutdown.on('intake', 'live events', () => liveEvents.close());
    shutdown.on('drain', 'outbox', () => outbox.stop());
    shutdown.on('connections', 'rabbitmq', () => this.closeConnections());
  }

  onApplicationBootstrap(): void {
    for (const connection of this.connections) connection.start();
    this.publisher.start();
    this.client.start();
    this.outbox.start();
  }

  private async closeConnections(): Promise<void> {
    await Promise.all([this.publisher.close(), this.client.close()]);
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}

/**
 * RabbitMQ for an app: publisher, outbox, consumers, requests, live events. Needs `MysqlModule`. The handlers are
 * connected by `connectRabbit(app)`.
 */
@Module({})
export class RabbitModule {
  static forRoot(options: RabbitModuleOptions): DynamicModule {
    const { app, url, names, timeoutDelayMs } = options;
    return {
      module: RabbitModule,
      global: true,
      providers: [
        { provide: PUBLISHING, useFactory: () => new RabbitConnection(url, `paypair ${app} publish`) },
        { provide: CONSUMING, useFactory: () => new RabbitConnection(url, `paypair ${app} consume`) },
        { provide: TOPOLOGY, useFactory: () => topologyOf(app, names, timeoutDelayMs) },
        {
          provide: Publisher,
          inject: [PUBLISHING, TOPOLOGY],
          useFactory: (connection: RabbitConnection, topology: Topology) => new Publisher(connection, topology),
        },
        {
          provide: Outbox,
          inject: [DataSource, Publisher],
          useFactory: (dataSource: DataSource, publisher: Publisher) => new Outbox(dataSource, publisher, names),
        },
        {
          provide: ParkedMessages,
          inject: [DataSource],
          useFactory: (source: DataSource) => new ParkedMessages(source),
        },
        {
          provide: RabbitClient,
          inject: [PUBLISHING],
          useFactory: (connection: RabbitConnection) => new RabbitClient(connection, orderRequests(names)),
        },
        {
          provide: LiveEvents,
          inject: [CONSUMING, Publisher],
          useFactory: (connection: RabbitConnection, publisher: Publisher) =>
            new LiveEvents(connection, publisher, names),
        },
        {
          provide: RabbitServer,
          inject: [CONSUMING, TOPOLOGY, Publisher, ParkedMessages, Database],
          useFactory: serverFactory(options),
        },
        {
          provide: RabbitStatus,
          inject: [PUBLISHING, CONSUMING, Publisher, RabbitServer],
          useFactory: (...parts: ConstructorParameters<typeof RabbitStatus>) => new RabbitStatus(...parts),
        },
        {
          provide: RabbitLifecycle,
          inject: [
            PUBLISHING,
            CONSUMING,
            Publisher,
            RabbitClient,
            Outbox,
            RabbitServer,
            LiveEvents,
            RabbitStatus,
            Health,
            Shutdown,
          ],
          useFactory: (publishing: RabbitConnection, consuming: RabbitConnection, ...rest: LifecycleParts) =>
            new RabbitLifecycle([publishing, consuming], ...rest),
        },
      ],
      exports: [Publisher, Outbox, RabbitClient, LiveEvents, RabbitServer, RabbitStatus],
    };
  }
}

type LifecycleParts = ConstructorParameters<typeof RabbitLifecycle> extends [unknown, ...infer Rest] ? Rest : never;

const serverFactory =
  ({ app, names, prefetch, maxBatch }: RabbitModuleOptions) =>
  (
    connection: RabbitConnection,
    topology: Topology,
    publisher: Publisher,
    parked: ParkedMessages,
    database: Database,
  ): RabbitServer =>
    new RabbitServer({
      connection,
      topology,
      publisher,
      storeParked: (messages) => parked.store(messages),
      healthy: () => database.isUsable(),
      isInfrastructureTrouble,
      ...(app === 'order' && {
        hints: { queue: timeoutInbox(names), type: TIMEOUT_TYPE, isHint: isTimeoutHint },
        requests: orderRequests(names),
      }),
      ...(prefetch !== undefined && { prefetch }),
      ...(maxBatch !== undefined && { maxBatch }),
    });

const isTimeoutHint = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'orderNo' in data && orderNo.safeParse(data.orderNo).success;
