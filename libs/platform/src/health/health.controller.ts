import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Health, type Readiness } from './health.ts';

@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  /** The process answers; nothing else is asked, so that a database's trouble restarts no app. */
  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** 200 `ready` or `degraded`, 503 `unavailable` or `stopping`. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.health.readiness();
    void reply
      .code(readiness.status === 'ready' || readiness.status === 'degraded' ? 200 : 503)
      .header('cache-control', 'no-store');
    return readiness;
  }
}
