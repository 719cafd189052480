import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastifyOf } from './fastify-of.ts';

const strict = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
};

/** Swagger UI writes its styles into the page; it gets exactly that, on its own path only. */
const forDocs =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

const isDocs = (url: string): boolean => /^\/docs(\/|\?|$)/.test(url);

/**
 * Security headers on every answer, errors included. No inline script or style anywhere; `Referrer-Policy` sends the
 * origin only, so a pay link's token never travels to another site.
 */
export async function addSecurityHeaders(app: NestFastifyApplication, publicUrl?: string): Promise<void> {
  const isHttps = publicUrl?.startsWith('https:') ?? false;
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: strict },
    referrerPolicy: { policy: 'strict-origin' },
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: isHttps ? { maxAge: 15_552_000 } : false,
  });
  fastifyOf(app).addHook('onSend', (request, reply, _payload, done) => {
    if (isDocs(request.url)) void reply.header('content-security-policy', forDocs);
    done();
  });
}
