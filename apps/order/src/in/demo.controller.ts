import { randomBytes } from 'node:crypto';
import { Controller, Get, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Authentication, DEMO_COOKIE, hardCookie, issueToken, pageLanguage, RateLimit } from '#platform';
import { renderStorefront } from './storefront.page.ts';

const SESSION_SECONDS = 7 * 86_400;

/** What the demo needs to hand out sessions. */
export const DEMO_OPTIONS = Symbol('DEMO_OPTIONS');
export interface DemoOptions {
  jwtSecret: string;
  /** Whether browsers reach the shop over HTTPS. */
  secure: boolean;
  /** Where `pay` hands out the permanent codes of products. */
  productCodes: string;
}

/** The storefront and its anonymous buyers. Part of the app in demo mode only. */
@ApiTags('demo')
@Controller()
export class DemoController {
  constructor(
    @Inject(DEMO_OPTIONS) private readonly options: DemoOptions,
    private readonly authentication: Authentication,
  ) {}

  @Get()
  @ApiExcludeEndpoint()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  @RateLimit({ max: 600, perMs: 60_000 })
  async storefront(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await this.welcome(request, reply);
    return renderStorefront({ locale: pageLanguage(request, reply), productCodes: this.options.productCodes });
  }

  @Post('demo/session')
  @ApiOperation({ summary: 'Make the visitor an anonymous buyer, by cookie; a visitor who is one stays the same' })
  @HttpCode(204)
  @RateLimit({ max: 600, perMs: 60_000 })
  async session(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.welcome(request, reply);
  }

  private async welcome(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const known = await this.authentication.identify(request).catch(() => undefined);
    if (known) return;
    const token = await issueToken({
      sub: `demo-${randomBytes(12).toString('hex')}`,
      secret: this.options.jwtSecret,
      expiresInSeconds: SESSION_SECONDS,
    });
    const cookie = { maxAgeSeconds: SESSION_SECONDS, path: '/', secure: this.options.secure };
    void reply.header('set-cookie', hardCookie(DEMO_COOKIE, token, cookie));
  }
}
