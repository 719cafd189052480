import { type DynamicModule, Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { NOTIFY_REPEAT_SECONDS } from '#wechat-pay/protocol';
import { Shutdown } from '#platform';
import type { SimulatorSettings } from './config.ts';
import { SettableClock } from './domain/clock.ts';
import { FaultPlan } from './domain/fault-plan.ts';
import { OrderBook } from './domain/order-book.ts';
import { RepeatSchedule } from './domain/repeat-schedule.ts';
import { TimerQueue } from './domain/timer-queue.ts';
import { Close } from './flow/close.ts';
import { TimeKeeper } from './flow/keep-time.ts';
import { Notify } from './flow/notify.ts';
import { Pay } from './flow/pay.ts';
import { Alarm, Entropy, GatewayRules, Ledger, Merchant, Notifier } from './flow/ports.ts';
import { Query } from './flow/query.ts';
import { Recorder } from './flow/record.ts';
import { Reset } from './flow/reset.ts';
import { Restore } from './flow/restore.ts';
import { UnifiedOrder } from './flow/unified-order.ts';
import { ControlController } from './in/control.controller.ts';
import { ControlToken, ControlTokenGuard } from './in/control-token.guard.ts';
import { Gateway } from './in/gateway.ts';
import { GatewayRoutes } from './in/gateway.routes.ts';
import { LocalGuard, ReachableAs } from './in/local.guard.ts';
import { PhoneController } from './in/phone.controller.ts';
import { NodeAlarm } from './out/alarm.node.ts';
import { NodeEntropy } from './out/entropy.node.ts';
import { LedgerFile } from './out/ledger.file.ts';
import { FetchNotifier } from './out/notifier.fetch.ts';

const domain: Provider[] = [
  { provide: SettableClock, useFactory: () => new SettableClock(() => Date.now()) },
  { provide: RepeatSchedule, useFactory: () => new RepeatSchedule(NOTIFY_REPEAT_SECONDS) },
  OrderBook,
  TimerQueue,
  FaultPlan,
];

const flow: Provider[] = [Recorder, TimeKeeper, UnifiedOrder, Query, Close, Pay, Notify, Restore, Reset];

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
    );
    return {
      module: WechatSimulatorModule,
      controllers: [PhoneController, ControlController],
      providers: [
        ...domain,
        ...flow,
        Gateway,
        GatewayRoutes,
        LocalGuard,
        ControlTokenGuard,
        { provide: Merchant, useValue: merchant },
        { provide: GatewayRules, useValue: new GatewayRules(settings.SIMULATOR_MIN_EXPIRE_SECONDS * 1_000) },
        { provide: ReachableAs, useValue: new ReachableAs(settings.SIMULATOR_HOSTS) },
        { provide: ControlToken, useValue: new ControlToken(settings.SIMULATOR_CONTROL_TOKEN) },
        { provide: Ledger, useFactory: () => LedgerFile.open(settings.SIMULATOR_DATA_DIR) },
        { provide: Notifier, useFactory: () => new FetchNotifier(merchant, settings.SIMULATOR_NOTIFY_ALLOW) },
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
