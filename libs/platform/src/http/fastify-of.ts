import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** The Fastify server under a Nest app: for hooks, and for raw routes registered in `startApp`'s `configure`. */
export const fastifyOf = (app: NestFastifyApplication): FastifyInstance => app.getHttpAdapter().getInstance();
