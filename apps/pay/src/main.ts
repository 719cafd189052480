import 'reflect-metadata';
import { connectRabbit, createLogger, runMain, startApp } from '#platform';
import { readConfig } from './config.ts';
import { addNotifyRoutes } from './in/notify.route.ts';
import { problemPage } from './in/problem.page.ts';
import { PayModule } from './pay.module.ts';

/** A buyer waits 5 s for an answer; this is what is left of it after the way here and back. */
const ANSWER_WITHIN_MS = 4_500;

await runMain(async () => {
  const config = readConfig();
  await startApp(PayModule.with(config), {
    name: 'pay',
    port: config.port,
    host: config.host,
    trustProxy: config.trustProxy,
    publicUrl: config.publicPayUrl,
    logger: createLogger('pay', config.logLevel),
    openapi: { title: 'Paypair pay', description: 'Takes WeChat Pay payments and tells `order` what became of them.' },
    answerWithinMs: ANSWER_WITHIN_MS,
    staticDirs: ['libs/platform/web', 'apps/pay/web'],
    problemPage: problemPage(config.shopUrl),
    configure: (app) => {
      addNotifyRoutes(app);
      connectRabbit(app);
    },
  });
});
