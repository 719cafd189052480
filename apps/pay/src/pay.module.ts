import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuthModule, MysqlModule, OperatorModule, RabbitModule, RedisModule, Shutdown } from '#platform';
import { MerchantLimits } from '#wechat-pay';
import { type PayConfig } from './config.ts';
import { Ask } from './flow/ask.ts';
import { Close } from './flow/close.ts';
import { CloseAttempt } from './flow/close-attempt.ts';
import { Identify } from './flow/identify.ts';
import { LookUp } from './flow/look-up.ts';
import { Notify, NotifySettings } from './flow/notify.ts';
import {
  Attempts,
  Audits,
  Checks,
  Closings,
  Counts,
  Gateway,
  Openids,
  OpenPages,
  Orders,
  Payments,
  PendingOrders,
  PrepayLock,
  ProductCodes,
  Products,
  RefundGateway,
  RefundList,
  RefundListings,
  Refunds,
} from './flow/ports.ts';
import { ProductCode } from './flow/product-code.ts';
import { Prepay, WaySettings } from './flow/prepay.ts';
import { PrepareAttempt, PrepaySettings } from './flow/prepare-attempt.ts';
import { RecordNews } from './flow/record.ts';
import { RefundNotify } from './flow/refund-notice.ts';
import { RefundMoney } from './flow/refund.ts';
import { Requery } from './flow/requery.ts';
import { Scan } from './flow/scan.ts';
import { SettleNow } from './flow/settle-now.ts';
import { Settle } from './flow/settle.ts';
import { Status } from './flow/status.ts';
import { TakeOver } from './flow/take-over.ts';
import { Watch } from './flow/watch.ts';
import { CashierController, type CashierOptions, CashierSettings } from './in/cashier.controller.ts';
import { LiveOrders } from './in/live-orders.ts';
import { MiniProgramController } from './in/mini-program.controller.ts';
import { OauthController } from './in/oauth.controller.ts';
import { OpenidSession, OpenidSettings } from './in/openid-session.ts';
import { OrderConsumer } from './in/order.consumer.ts';
import { PayAccess, PayAccessSettings } from './in/pay-access.ts';
import { PrepayController, ReturnSettings } from './in/prepay.controller.ts';
import { ProductCodeController } from './in/product-code.controller.ts';
import { Schedules } from './in/schedules.ts';
import { SealedCookies, SealSettings } from './in/sealed-cookie.ts';
import { RefundsController } from './in/refunds.controller.ts';
import { SettleNowController } from './in/settle-now.controller.ts';
import { StatusController } from './in/status.controller.ts';
import { StatusStreams } from './in/status-streams.ts';
import { AuditsMysql } from './out/mysql/audits.mysql.ts';
import { CountsPrometheus } from './out/counts.prometheus.ts';
import { AnomalyGuideMysql } from './out/mysql/anomaly-guide.mysql.ts';
import { AttemptsMysql } from './out/mysql/attempts.mysql.ts';
import { ChecksMysql } from './out/mysql/checks.mysql.ts';
import { ClosingsMysql } from './out/mysql/closings.mysql.ts';
import { Merchant } from './out/mysql/merchant.ts';
import { MessageNeedsMysql } from './out/mysql/message-needs.mysql.ts';
import { PaymentsMysql } from './out/mysql/payments.mysql.ts';
import { RefundListMysql } from './out/mysql/refund-list.mysql.ts';
import { RefundListingsMysql } from './out/mysql/refund-listings.mysql.ts';
import { RefundsMysql } from './out/mysql/refunds.mysql.ts';
import { paySchema } from './out/mysql/schema.ts';
import { OpenPagesRabbit } from './out/rabbit/open-pages.rabbit.ts';
import { OrdersRabbit } from './out/rabbit/orders.rabbit.ts';
import { ProductsRabbit } from './out/rabbit/products.rabbit.ts';
import { PendingOrdersRedis } from './out/redis/pending-orders.redis.ts';
import { PrepayLockRedis } from './out/redis/prepay-lock.redis.ts';
import { GatewayWechat } from './out/wechat/gateway.wechat.ts';
import { OauthWechat } from './out/wechat/oauth.wechat.ts';
import { ProductCodesWechat } from './out/wechat/product-codes.wechat.ts';
import { RefundsWechat } from './out/wechat/refunds.wechat.ts';

/** WeChat gives up after 5 s; what is left is for the way there and back. */
const NOTIFY_REPLY_WITHIN_MS = 4_000;

@Module({})
export class PayModule {
  /** Wires the app. @throws InvalidRequest for a WeChat account that cannot work */
  static with(config: PayConfig): DynamicModule {
    const { wechat, signType, minExpireSeconds } = config;
    const secure = config.publicPayUrl.startsWith('https:');
    // WeChat counts per merchant, so payments and refunds count together.
    const limits = new MerchantLimits();
    return {
      module: PayModule,
      imports: [
        MysqlModule.forRoot({ url: config.mysqlUrl, ...paySchema }),
        RedisModule.forRoot({ url: config.redisUrl }),
        RabbitModule.forRoot({ app: 'pay', url: config.amqpUrl, names: config.names }),
        AuthModule.forRoot({ secret: config.jwtSecret, jwksUrl: config.jwksUrl, demo: config.demo }),
        ScheduleModule.forRoot(),
        OperatorModule.forRoot({ anomalies: AnomalyGuideMysql, messageNeeds: MessageNeedsMysql }),
      ],
      controllers: [
        PrepayController,
        MiniProgramController,
        ProductCodeController,
        OauthController,
        StatusController,
        CashierController,
        OrderConsumer,
        SettleNowController,
        RefundsController,
      ],
      providers: [
        Prepay,
        Scan,
        ProductCode,
        PrepareAttempt,
        CloseAttempt,
        Identify,
        Notify,
        Settle,
        Ask,
        Requery,
        Close,
        Status,
        RecordNews,
        RefundMoney,
        RefundNotify,
        TakeOver,
        SettleNow,
        LookUp,
        Watch,
        PayAccess,
        SealedCookies,
        OpenidSession,
        StatusStreams,
        LiveOrders,
        Schedules,
        { provide: Attempts, useClass: AttemptsMysql },
        { provide: Payments, useClass: PaymentsMysql },
        { provide: Closings, useClass: ClosingsMysql },
        { provide: Refunds, useClass: RefundsMysql },
        { provide: RefundListings, useClass: RefundListingsMysql },
        { provide: RefundList, useClass: RefundListMysql },
        { provide: Audits, useClass: AuditsMysql },
        { provide: Checks, useClass: ChecksMysql },
        { provide: PendingOrders, useClass: PendingOrdersRedis },
        { provide: PrepayLock, useClass: PrepayLockRedis },
        { provide: Orders, useClass: OrdersRabbit },
        { provide: Products, useClass: ProductsRabbit },
        { provide: OpenPages, useClass: OpenPagesRabbit },
        { provide: Counts, useClass: CountsPrometheus },
        {
          provide: Gateway,
          inject: [Shutdown],
          useFactory: (shutdown: Shutdown): Gateway => {
            const gateway = new GatewayWechat({ ...wechat, limits });
            shutdown.on('connections', 'wechat', () => gateway.end());
            return gateway;
          },
        },
        {
          provide: RefundGateway,
          inject: [Shutdown],
          useFactory: (shutdown: Shutdown): RefundGateway => {
            const gateway = new RefundsWechat({ ...wechat, ...config.refunds, signType, limits });
            shutdown.on('connections', 'wechat refunds', () => gateway.end());
            return gateway;
          },
        },
        {
          provide: ProductCodes,
          inject: [Shutdown],
          useFactory: (shutdown: Shutdown): ProductCodes => {
            const codes = new ProductCodesWechat({ ...wechat, limits }, signType);
            shutdown.on('connections', 'wechat product codes', () => codes.end());
            return codes;
          },
        },
        { provide: Merchant, useValue: new Merchant(wechat.mchId, wechat.appid) },
        { provide: PrepaySettings, useValue: new PrepaySettings(signType, wechat.notifyUrl, minExpireSeconds) },
        { provide: WaySettings, useValue: new WaySettings(config.scene, config.appids) },
        { provide: Openids, useValue: new OauthWechat(config.oauth) },
        { provide: SealSettings, useValue: new SealSettings(config.cookieKey, secure) },
        { provide: OpenidSettings, useValue: new OpenidSettings(wechat.appid) },
        { provide: ReturnSettings, useValue: new ReturnSettings(config.publicPayUrl) },
        { provide: NotifySettings, useValue: new NotifySettings(config.crossCheck, NOTIFY_REPLY_WITHIN_MS) },
        { provide: PayAccessSettings, useValue: new PayAccessSettings(config.payLinkSecret, secure) },
        { provide: CashierSettings, useValue: new CashierSettings(cashierOptions(config)) },
      ],
    };
  }
}

const cashierOptions = (config: PayConfig): CashierOptions => {
  const { merchantName, shopUrl, successUrl, phoneUrl, oauth } = config;
  return { merchantName, shopUrl, successUrl, phoneUrl, jsapi: oauth !== undefined };
};
