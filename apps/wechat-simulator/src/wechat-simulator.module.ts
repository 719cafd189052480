import { type DynamicModule, Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { LEGACY_NOTIFY_REPEAT_SECONDS, NOTIFY_REPEAT_SECONDS } from '#wechat-pay/protocol';
import { Shutdown } from '#platform';
import { join } from 'node:path';
import type { SimulatorSettings } from './config.ts';
import { CallCounts } from './domain/call-counts.ts';
import { SettableClock } from './domain/clock.ts';
import { FaultPlan } from './domain/fault-plan.ts';
import { OauthCodes } from './domain/oauth-codes.ts';
import { OrderBook } from './domain/order-book.ts';
import { RepeatSchedules } from './domain/repeat-schedule.ts';
import { RuleBook, type Rules } from './domain/rules.ts';
import { TimerQueue } from './domain/timer-queue.ts';
import { Authorize } from './flow/authorize.ts';
import { ChangeRules } from './flow/change-rules.ts';
import { Close } from './flow/close.ts';
import { DownloadBill } from './flow/download-bill.ts';
import { TimeKeeper } from './flow/keep-time.ts';
import { Notify } from './flow/notify.ts';
import { Pay } from './flow/pay.ts';
import {
  Alarm,
  Entropy,
  Ledger,
  Merchant,
  MerchantCallback,
  Notifier,
  OfficialAccount,
  TlsIdentity,
} from './flow/ports.ts';
import { QueryRefund } from './flow/query-refund.ts';
import { Query } from './flow/query.ts';
import { Recorder } from './flow/record.ts';
import { RefundOrder } from './flow/refund.ts';
import { Reset } from './flow/reset.ts';
import { Restore } from './flow/restore.ts';
import { ScanProduct } from './flow/scan-product.ts';
import { ShortenUrl } from './flow/shorten-url.ts';
import { UnifiedOrder } from './flow/unified-order.ts';
import { ClientCertificate } from './in/client-certificate.ts';
import { ControlOrdersController } from './in/control-orders.controller.ts';
import { ControlController } from './in/control.controller.ts';
import { ControlToken, ControlTokenGuard } from './in/control-token.guard.ts';
import { FileEndpoints } from './in/file.endpoints.ts';
import { Gateway } from './in/gateway.ts';
import { GatewayRoutes } from './in/gateway.routes.ts';
import { LocalGuard, ReachableAs } from './in/local.guard.ts';
import { OauthController } from './in/oauth.controller.ts';
import { OrderEndpoints } from './in/order.endpoints.ts';
import { OwnPort } from './in/own-port.ts';
import { PhoneController } from './in/phone.controller.ts';
import { RefundEndpoints } from './in/refund.endpoints.ts';
import { Scanner } from './in/scanner.ts';
import { SecureAddress, SecureGateway } from './in/secure-gateway.ts';
import { NodeAlarm } from './out/alarm.node.ts';
import { NodeEntropy } from './out/entropy.node.ts';
import { LedgerFile } from './out/ledger.file.ts';
import { FetchMerchantCallback } from './out/merchant-callback.fetch.ts';
import { FetchNotifier } from './out/notifier.fetch.ts';
import { mayNotify } from './out/notify-allow-list.ts';
import { openTlsFiles } from './out/tls-files.ts';

const domain: Provider[] = [
  { provide: SettableClock, useFactory: () => new SettableClock(() => Date.now()) },
  {
    provide: RepeatSchedules,
    useFactory: () => new RepeatSchedules({ current: NOTIFY_REPEAT_SECONDS, legacy: LEGACY_NOTIFY_REPEAT_SECONDS }),
  },
  OrderBook,
  TimerQueue,
  FaultPlan,
  OauthCodes,
  CallCounts,
];

const flow: Provider[] = [
  ...[Recorder, TimeKeeper, UnifiedOrder, Query, Close, Pay, ScanProduct, ShortenUrl, Notify],
  ...[RefundOrder, QueryRefund, DownloadBill, ChangeRules, Restore, Reset, Authorize],
];

const gateway: Provider[] = [
  ...[Gateway, GatewayRoutes, OrderEndpoints, RefundEndpoints, FileEndpoints, ClientCertificate],
  ...[SecureGateway, OwnPort, Scanner, LocalGuard, ControlTokenGuard],
];

@Module({})
export class WechatSimulatorModule implements OnModuleInit {
  constructor(
    private readonly restore: Restore,
    private readonly keeper: TimeKeeper,
    private readonly ledger: Ledger,
    private readonly shutdown: Shutdown,
  ) {}

  static with(settings: SimulatorSettings): DynamicModule {
    const merchant = new Merchant(
      settings.WECHAT_APPID,
      settings.WECHAT_MCH_ID,
      settings.WECHAT_API_KEY,
      settings.SIMULATOR_MERCHANT_NAME,
      [settings.WECHAT_APP_APPID, settings.WECHAT_MINI_APPID].filter((appid) => appid !== undefined),
    );
    // A browser is sent there, not this process: this machine is always fine.
    const mayReturn = (url: string): boolean => mayNotify(url, []) || mayNotify(url, settings.SIMULATOR_NOTIFY_ALLOW);
    return {
      module: WechatSimulatorModule,
      controllers: [PhoneController, OauthController, ControlController, ControlOrdersController],
      providers: [
        ...domain,
        ...flow,
        ...gateway,
        { provide: Merchant, useValue: merchant },
        { provide: OfficialAccount, useValue: new OfficialAccount(settings.WECHAT_OAUTH_SECRET, mayReturn) },
        { provide: RuleBook, useFactory: () => new RuleBook(rulesOf(settings)) },
        { provide: SecureAddress, useValue: new SecureAddress(settings.HOST, settings.SIMULATOR_TLS_PORT) },
        {
          provide: TlsIdentity,
          // After the ledger, which keeps other simulators out of the folder.
          inject: [Ledger],
          useFactory: () =>
            openTlsFiles(
              join(settings.SIMULATOR_DATA_DIR, 'certificates'),
              settings.WECHAT_MCH_ID,
              settings.SIMULATOR_HOSTS,
            ),
        },
        { provide: ReachableAs, useValue: new ReachableAs(settings.SIMULATOR_HOSTS, settings.SIMULATOR_PUBLIC_URL) },
        { provide: ControlToken, useValue: new ControlToken(settings.SIMULATOR_CONTROL_TOKEN) },
        { provide: Ledger, useFactory: () => LedgerFile.open(settings.SIMULATOR_DATA_DIR) },
        { provide: Notifier, useFactory: () => new FetchNotifier(merchant, settings.SIMULATOR_NOTIFY_ALLOW) },
        {
          provide: MerchantCallback,
          useFactory: () => new FetchMerchantCallback(merchant, settings.SIMULATOR_NOTIFY_ALLOW),
        },
        { provide: Entropy, useClass: NodeEntropy },
        { provide: Alarm, useClass: NodeAlarm },
      ],
    };
  }

  /** Before the first request: everything of the process before this one. */
  async onModuleInit(): Promise<void> {
    await this.restore.run();
    this.shutdown.on('drain', 'timers', async () => {
      this.keeper.forget();
      await this.keeper.idle();
    });
    this.shutdown.on('connections', 'ledger', () => this.ledger.close());
  }
}

const rulesOf = (settings: SimulatorSettings): Rules => ({
  minExpireMs: settings.SIMULATOR_MIN_EXPIRE_SECONDS * 1_000,
  closeAfterMs: settings.SIMULATOR_CLOSE_AFTER_SECONDS * 1_000,
  notifySchedule: settings.SIMULATOR_NOTIFY_SCHEDULE,
  refundAfterMs: settings.SIMULATOR_REFUND_SECONDS * 1_000,
  refundEndsAs: 'SUCCESS',
  refundNotifyUrl: settings.SIMULATOR_REFUND_NOTIFY_URL ?? '',
  scanUrl: settings.SIMULATOR_SCAN_URL ?? '',
  oauthOpenid: '',
});
