import { once } from 'node:events';
import http from 'node:http';
import https, { type ServerOptions } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { WechatPayClient, type WechatPayOptions } from '../src/index.ts';
import { type Fields, readXml, type SignType } from '../src/protocol/index.ts';
import { signNotice } from '../src/testing/index.ts';

// A server that answers what each test hands it, by hand: the client is judged by the wire alone.

export const KEYS = {
  appid: 'wx8888888888888888',
  mchId: '1900000109',
  apiKey: 'TESTONLYv2key0123456789abcdefABC',
} as const;

export type Answer = (response: http.ServerResponse, fields: Fields) => void;

/** A server on this machine, plain or (with a certificate) TLS. */
export class TestServer {
  answer: Answer = (response) => response.end();
  readonly requests: { readonly path: string; readonly fields: Fields }[] = [];
  private readonly server: http.Server;
  private readonly scheme: string;

  constructor(tls?: ServerOptions) {
    const listener: http.RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const fields = readXml(Buffer.concat(chunks));
        this.requests.push({ path: request.url ?? '', fields });
        this.answer(response, fields);
      });
    };
    this.scheme = tls === undefined ? 'http' : 'https';
    this.server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  }

  async listen(): Promise<this> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export function newClient(options: Partial<WechatPayOptions>): WechatPayClient {
  return new WechatPayClient({
    ...KEYS,
    signType: 'HMAC-SHA256',
    notifyUrl: 'https://shop.example.test/notify',
    retry: { tries: 1 },
    ...options,
  });
}

type Changes = Readonly<Record<string, string | number | undefined>>;

/** A signed answer; `changes` are made before signing. */
export function message(changes: Changes, signType: SignType = 'HMAC-SHA256'): string {
  const basic = { return_code: 'SUCCESS', result_code: 'SUCCESS', appid: KEYS.appid, mch_id: KEYS.mchId };
  return signNotice({ ...basic, nonce_str: 'qARBBjo3mP5Deq22', ...changes }, KEYS.apiKey, signType);
}

export const answers = (changes: Changes): Answer => {
  return (response) => response.setHeader('content-type', 'text/plain').end(message(changes));
};

export const answersText = (text: string | Buffer, status = 200): Answer => {
  return (response) => response.writeHead(status, { 'content-type': 'text/html' }).end(text);
};

export const refuses = (code: string): Answer => answers({ result_code: 'FAIL', err_code: code, err_code_des: '说明' });

/** A refusal before any checking: a text without a code and without a sign. */
export const failsWith = (text: string): Answer =>
  answersText(`<xml><return_code>FAIL</return_code><return_msg><![CDATA[${text}]]></return_msg></xml>`);

/** A base URL where nobody listens. */
export async function deadUrl(scheme = 'http'): Promise<string> {
  const probe = net.createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return `${scheme}://127.0.0.1:${port}`;
}

export const unknown = (reason: string, retryable = true) => ({ kind: 'unknown', reason, retryable }) as const;
