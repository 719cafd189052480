import { createLogger, runMain, startApp } from '#platform';
import { readSimulatorSettings } from './config.ts';
import { WechatSimulatorModule } from './wechat-simulator.module.ts';

await runMain(async () => {
  const settings = readSimulatorSettings();
  await startApp(WechatSimulatorModule.with(settings), {
    name: 'wechat-simulator',
    port: settings.SIMULATOR_PORT,
    host: settings.HOST,
    logger: createLogger('wechat-simulator', settings.LOG_LEVEL),
    openapi: {
      title: 'WeChat Pay simulator',
      description:
        'Control of the simulator: ledger, clock, faults, rules, payments and refunds. The gateway itself speaks XML.',
    },
    staticDirs: ['libs/platform/web', 'apps/wechat-simulator/web'],
  });
});
