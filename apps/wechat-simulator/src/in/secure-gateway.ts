import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CannotStart, Shutdown } from '#platform';
import type { FastifyInstance } from 'fastify';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TlsIdentity } from '../flow/ports.ts';

/** Where the TLS port is opened. */
export class SecureAddress {
  /** @param port 0 lets the system choose */
  constructor(
    readonly host: string,
    readonly port: number,
  ) {}
}

/**
 * Everything once more on TLS, where the merchant's certificate can be sent: an SDK that is redirected here finds all
 * of WeChat Pay behind one address. A certificate is asked for, and only the calls that need it refuse without.
 */
@Injectable()
export class SecureGateway implements OnApplicationBootstrap {
  readonly #log = new Logger('gateway');
  #server: Server | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly identity: TlsIdentity,
    private readonly at: SecureAddress,
    private readonly shutdown: Shutdown,
  ) {}

  /** For example `https://127.0.0.1:3443`. */
  get url(): string {
    const { port } = this.#server?.address() as AddressInfo;
    return `https://127.0.0.1:${port}`;
  }

  async onApplicationBootstrap(): Promise<void> {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    await fastify.ready();
    const { caCertificate: ca, certificate: cert, privateKey: key } = this.identity;
    const server = createServer(
      {
        ...{ ca, cert, key },
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        // Without tickets every connection shows its certificate again.
        secureOptions: constants.SSL_OP_NO_TICKET,
        headersTimeout: 5_000,
        requestTimeout: 10_000,
        keepAliveTimeout: 65_000,
      },
      (request, response) => fastify.routing(request, response),
    );
    this.#server = server;
    server.listen(this.at.port, this.at.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw cannotListen(this.at, error as NodeJS.ErrnoException);
    }
    this.shutdown.on('intake', 'tls port', () => {
      server.close();
      server.closeIdleConnections();
    });
    this.shutdown.on('drain', 'tls port', () => server.closeAllConnections());
    this.#log.log(`Listens on ${this.url} too, with the certificates in ${this.identity.folder}.`);
  }
}

const cannotListen = ({ host, port }: SecureAddress, { code, message }: NodeJS.ErrnoException): CannotStart =>
  new CannotStart(
    `wechat-simulator does not start: ${host}:${port} ${code === 'EADDRINUSE' ? 'is in use' : `is not usable (${message})`}. ` +
      'Repair: stop what listens there or set SIMULATOR_TLS_PORT.',
  );
