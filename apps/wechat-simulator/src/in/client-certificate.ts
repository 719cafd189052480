import { Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { Merchant } from '../flow/ports.ts';

/** Whether a request came with the merchant's own certificate. */
@Injectable()
export class ClientCertificate {
  constructor(private readonly merchant: Merchant) {}

  isSentWith({ socket }: IncomingMessage): boolean {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
    return socket.getPeerX509Certificate()?.subject.split('\n').includes(`CN=${this.merchant.mchId}`) ?? false;
  }
}
