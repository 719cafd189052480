import { Injectable, Logger, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { timeoutDelay } from '#contract';
import { AuthModule, Database, MysqlModule, OperatorModule, Publisher, RabbitModule, RedisModule } from '#platform';
import { type OrderConfig } from './config.ts';
import { checkTransitions, FIRST_STATUS, orderTransitions } from './domain/order-states.ts';
import { FIRST_REFUND_STATE, refundTransitions } from './domain/refund.ts';
import { CancelOrder } from './flow/cancel.ts';
import { CloseOrders } from './flow/close.ts';
import { ExpireOrders } from './flow/expire.ts';
import { PlaceOrder } from './flow/place.ts';
import {
  OrderChanges,
  OrderReads,
  PayLinks,
  PendingOrders,
  Placements,
  RefundRepairs,
  Refunds,
  Reviews,
  Scans,
  ShopRules,
  TimeoutMessages,
} from './flow/ports.ts';
import { ReadOrders } from './flow/read.ts';
import { RefundOrders } from './flow/refund.ts';
import { RepairRefunds } from './flow/repair.ts';
import { ReviewOrders } from './flow/review.ts';
import { OrderByScan } from './flow/scan.ts';
import { SettleOrders } from './flow/settle.ts';
import { DEMO_OPTIONS, DemoController, type DemoOptions } from './in/demo.controller.ts';
import { OrdersController } from './in/orders.controller.ts';
import { PaymentsConsumer } from './in/payments.consumer.ts';
import { ProductsController } from './in/products.controller.ts';
import { RefundRepairsController } from './in/refund-repairs.controller.ts';
import { RefundsController } from './in/refunds.controller.ts';
import { ReviewController } from './in/review.controller.ts';
import { ScansConsumer } from './in/scans.consumer.ts';
import { SweepSchedule } from './in/sweep.schedule.ts';
import { MysqlAnomalyGuide } from './out/mysql/anomaly-guide.mysql.ts';
import { MysqlOrderChanges } from './out/mysql/order-changes.mysql.ts';
import { MysqlMessageNeeds } from './out/mysql/message-needs.mysql.ts';
import { MysqlOrderReads } from './out/mysql/order-reads.mysql.ts';
import { MysqlPlacements } from './out/mysql/placements.mysql.ts';
import { MysqlRefundRepairs } from './out/mysql/refund-repairs.mysql.ts';
import { MysqlRefunds } from './out/mysql/refunds.mysql.ts';
import { MysqlReviews } from './out/mysql/reviews.mysql.ts';
import { orderSchema } from './out/mysql/schema.ts';
import { MysqlScans } from './out/mysql/scans.mysql.ts';
import { seedProducts } from './out/mysql/seed-products.ts';
import { SignedPayLinks } from './out/pay-links.ts';
import { RedisPendingOrders } from './out/pending-orders.redis.ts';
import { RabbitTimeoutMessages } from './out/timeout-messages.rabbit.ts';

/** Fills the demo shop once the schema is there. */
@Injectable()
class DemoProducts implements OnModuleInit {
  private readonly logger = new Logger(DemoProducts.name);

  constructor(
    private readonly database: Database,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.database
      .whenOpen()
      .then(() => seedProducts(this.dataSource))
      .catch((error: unknown) => this.logger.error(error, 'the demo products were not put in; the next start does it'));
  }
}

@Module({})
export class OrderModule {
  /** Wires the app. @throws Error when the transition table of orders is not sound */
  static with(config: OrderConfig): DynamicModule {
    checkTransitions(orderTransitions, FIRST_STATUS);
    checkTransitions(refundTransitions, FIRST_REFUND_STATE);
    const delayQueue = timeoutDelay(config.names, config.payWithinMs).name;
    return {
      module: OrderModule,
      imports: [
        MysqlModule.forRoot({ url: config.mysqlUrl, ...orderSchema }),
        RedisModule.forRoot({ url: config.redisUrl }),
        RabbitModule.forRoot({
          app: 'order',
          url: config.amqpUrl,
          names: config.names,
          timeoutDelayMs: config.payWithinMs,
        }),
        AuthModule.forRoot({ secret: config.jwtSecret, jwksUrl: config.jwksUrl, demo: config.demo }),
        ScheduleModule.forRoot(),
        OperatorModule.forRoot({ anomalies: MysqlAnomalyGuide, messageNeeds: MysqlMessageNeeds }),
      ],
      controllers: [
        OrdersController,
        RefundsController,
        ReviewController,
        RefundRepairsController,
        ProductsController,
        PaymentsConsumer,
        ScansConsumer,
        ...(config.demo ? [DemoController] : []),
      ],
      providers: [
        PlaceOrder,
        SettleOrders,
        CloseOrders,
        ExpireOrders,
        CancelOrder,
        RefundOrders,
        ReviewOrders,
        RepairRefunds,
        ReadOrders,
        OrderByScan,
        SweepSchedule,
        { provide: Placements, useClass: MysqlPlacements },
        { provide: OrderChanges, useClass: MysqlOrderChanges },
        { provide: Refunds, useClass: MysqlRefunds },
        { provide: Reviews, useClass: MysqlReviews },
        { provide: RefundRepairs, useClass: MysqlRefundRepairs },
        { provide: OrderReads, useClass: MysqlOrderReads },
        { provide: Scans, useClass: MysqlScans },
        { provide: PendingOrders, useClass: RedisPendingOrders },
        {
          provide: TimeoutMessages,
          inject: [Publisher],
          useFactory: (publisher: Publisher) => new RabbitTimeoutMessages(publisher, delayQueue),
        },
        { provide: PayLinks, useValue: new SignedPayLinks(config.publicPayUrl, config.payLinkSecret) },
        { provide: ShopRules, useValue: new ShopRules(config.payWithinMs) },
        ...(config.demo ? demoProviders(config) : []),
      ],
    };
  }
}

function demoProviders({ jwtSecret, publicOrderUrl, publicPayUrl }: OrderConfig) {
  if (jwtSecret === undefined) throw new Error('a demo needs a secret to sign its sessions');
  const productCodes = `${publicPayUrl}/weixin/pay/native/product/`;
  const options: DemoOptions = { jwtSecret, secure: publicOrderUrl.startsWith('https:'), productCodes };
  return [DemoProducts, { provide: DEMO_OPTIONS, useValue: options }];
}
