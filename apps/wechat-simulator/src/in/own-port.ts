import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';

/** Where this process itself listens without TLS. */
@Injectable()
export class OwnPort {
  constructor(private readonly host: HttpAdapterHost) {}

  /** For example `http://127.0.0.1:3003`. */
  get url(): string {
    const { server } = this.host.httpAdapter.getInstance<FastifyInstance>();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}
