import 'reflect-metadata';
import { connectRabbit, createLogger, runMain, startApp } from '#platform';
import { readConfig } from './config.ts';
import { OrderModule } from './order.module.ts';

await runMain(async () => {
  const config = readConfig();
  await startApp(OrderModule.with(config), {
    name: 'order',
    port: config.port,
    host: config.host,
    trustProxy: config.trustProxy,
    publicUrl: config.publicOrderUrl,
    logger: createLogger('order', config.logLevel),
    openapi: { title: 'Paypair order', description: 'Places orders, settles payments, ends what is not paid.' },
    staticDirs: ['libs/platform/web', 'apps/order/web'],
    configure: connectRabbit,
  });
});
