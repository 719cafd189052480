import type { DynamicModule, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { CannotStart } from '../config/settings-error.ts';
import { NestLogger } from '../log/nest-logger.ts';
import { measureRequests } from '../metrics/http-metrics.ts';
import { PlatformModule } from '../platform.module.ts';
import { Shutdown } from '../work/shutdown.ts';
import { Deadlines } from './answer-within.ts';
import { addBadAddress, routeBadAddress } from './bad-address.ts';
import { addDocs, type OpenApiOptions } from './docs.ts';
import { serveAssets } from './assets.ts';
import { fastifyOf } from './fastify-of.ts';
import { ProblemFilter, type ProblemPage } from './problem-filter.ts';
import { addRateLimit } from './rate-limit.ts';
import { addSecurityHeaders } from './security.ts';
import { closeWithin, stopOnSignals } from './stop.ts';
import { answerUnreadable } from './unreadable.ts';

export interface StartOptions {
  name: string;
  /** 0 lets the system choose. */
  port: number;
  /** Loopback unless a deployment says otherwise. */
  host?: string;
  logger: Logger;
  /** Addresses of proxies whose `X-Forwarded-*` is believed; nobody if absent. */
  trustProxy?: readonly string[] | undefined;
  /** `/docs` and `/docs-json`, or `false`. */
  openapi?: OpenApiOptions | false;
  /** Folders whose files are served under `/assets/`, relative to the project; the first that has a name wins. */
  staticDirs?: readonly string[];
  /** The page for people whose browser is refused; without it they read problem+json too. */
  problemPage?: ProblemPage;
  /** How the outside reaches this app: HTTPS there switches HSTS on. */
  publicUrl?: string;
  /** How long a controller's answer may take; no limit if absent. `@AnswerWithin(ms)` sets another one for a route. */
  answerWithinMs?: number;
  /** Before the routes are made: raw Fastify plugins, a custom transport (`app.connectMicroservice`). */
  configure?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Stop on SIGTERM and SIGINT (default); a test closes the app itself. */
  signals?: boolean;
}

export interface StartedApp {
  app: NestFastifyApplication;
  /** Where it listens, for example `http://127.0.0.1:3001`. */
  url: string;
  /** Leaves in order, within ten seconds. */
  close(): Promise<void>;
}

const BODY_LIMIT = 64 * 1024;

/**
 * Starts an app on Fastify with everything the apps share: problem+json, security headers, request limits, static
 * files, docs, health, metrics, orderly stop.
 *
 * @throws CannotStart when the port is taken or not allowed
 */
export async function startApp(module: Type | DynamicModule, options: StartOptions): Promise<StartedApp> {
  const context: Pick<NestApplicationOptions, 'logger' | 'abortOnError' | 'bodyParser'> = {
    logger: new NestLogger(options.logger),
    abortOnError: false,
    bodyParser: false,
  };
  const adapter = createAdapter(options.trustProxy);
  const app = await NestFactory.create<NestFastifyApplication>(PlatformModule.around(module), adapter, context);
  try {
    await prepare(app, options);
    // Every module is ready before the first message or request comes in.
    await app.init();
    await app.startAllMicroservices();
    const url = await listen(app, options);
    const close = (): Promise<void> => closeWithin(app, options.logger);
    if (options.signals !== false) stopOnSignals(app.get(Shutdown), close, options.logger);
    options.logger.info({ event: 'started', url }, `${options.name} listens on ${url}`);
    return { app, url, close };
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

async function prepare(app: NestFastifyApplication, options: StartOptions): Promise<void> {
  const fastify = fastifyOf(app);
  fastify.removeContentTypeParser('text/plain');
  app.useGlobalFilters(new ProblemFilter(options.problemPage));
  if (options.answerWithinMs !== undefined) {
    app.useGlobalInterceptors(new Deadlines(app.get(Reflector), options.answerWithinMs));
  }
  measureRequests(fastify);
  await addSecurityHeaders(app, options.publicUrl);
  await addRateLimit(app);
  addBadAddress(fastify);
  serveAssets(fastify, options.staticDirs ?? []);
  await options.configure?.(app);
  if (options.openapi) addDocs(app, options.openapi);
}

function createAdapter(trustProxy: readonly string[] | undefined): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: trustProxy === undefined ? false : [...trustProxy],
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    // Who still has a connection while we leave is answered, and told to hang up; everything he needs is still there.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 128 },
    clientErrorHandler: answerUnreadable,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16 * 1024 },
    frameworkErrors: routeBadAddress,
  });
}

async function listen(app: NestFastifyApplication, { port, host = '127.0.0.1', name }: StartOptions): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, name, host, port);
  }
  const address = app.getHttpServer().address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${shown}:${address.port}`;
}

function explain(error: NodeJS.ErrnoException, name: string, host: string, port: number): Error {
  const at = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new CannotStart(
      `${name} does not start: ${at} is in use. Repair: stop what listens there or set another port.`,
    );
  }
  if (error.code === 'EACCES') {
    return new CannotStart(
      `${name} does not start: ${at} is not allowed for this user. Repair: set a port above 1023.`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new CannotStart(`${name} does not start: ${host} is no address of this machine. Repair: set HOST.`);
  }
  return error;
}
