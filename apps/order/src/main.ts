import 'reflect-metadata';
import { connectRabbit, createLogger, runMain, startApp } from '#platform';
import { readConfig } from './config.ts';
import { problemPage } from './in/problem.page.ts';
import { OrderModule } from './order.module.ts';

/** A buyer waits 5 s for an answer; this is what is left of it after the way here and back. */
const ANSWER_WITHIN_MS = 4_500;

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
    answerWithinMs: ANSWER_WITHIN_MS,
    staticDirs: ['libs/platform/web', 'apps/order/web'],
    ...(config.demo && { problemPage }),
    configure: connectRabbit,
  });
});
