/** A simulator in this process, a merchant's server beside it, and API v2 written down once more. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, startApp, type StartedApp } from '#platform';
import { readSimulatorSettings } from '../../apps/wechat-simulator/src/config.ts';
import { WechatSimulatorModule } from '../../apps/wechat-simulator/src/wechat-simulator.module.ts';
import { SimulatorControl } from './simulator-control.ts';

export const KEY = 'TESTONLYv2key0123456789abcdefABC';
export const APPID = 'wx8888888888888888';
export const MCH_ID = '1900000109';
export const SUCCESS =
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';
export const FAIL = '<xml><return_code><![CDATA[FAIL]]></return_code></xml>';
const TOKEN = 'a-token-for-this-test-only';

export type Fields = Record<string, string>;

// Written down again on purpose: what is tested must not check itself.
export function sign(fields: Fields, algorithm = fields['sign_type'] ?? 'MD5'): string {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const text = `${names
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')}&key=${KEY}`;
  const digest = algorithm === 'MD5' ? createHash('md5') : createHmac('sha256', KEY);
  return digest.update(text).digest('hex').toUpperCase();
}

export const xml = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;

export const read = (text: string): Fields =>
  Object.fromEntries<string>(
    [...text.matchAll(/<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))<\/\1>/gs)].map(([, name, cdata, bare]) => [
      name ?? '',
      cdata ?? bare ?? '',
    ]),
  );

/** A merchant's server: remembers what it hears, and answers what it is told. */
class MerchantServer {
  readonly heard: { path: string; body: string; at: number }[] = [];
  reply!: (path: string, body: string) => { status: number; body: string } | Promise<{ status: number; body: string }>;
  readonly #server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [path, body] = [incoming.url ?? '', Buffer.concat(chunks).toString()];
      this.heard.push({ path, body, at: performance.now() });
      void Promise.resolve(this.reply(path, body)).then((reply) => response.writeHead(reply.status).end(reply.body));
    });
  });

  constructor() {
    this.forget();
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Has heard nothing, and believes everything. */
  forget(): void {
    this.heard.length = 0;
    this.reply = () => ({ status: 200, body: SUCCESS });
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class TestSimulator {
  readonly merchant = new MerchantServer();
  #numbers = 0;
  #agent = new Agent();

  directory = '';
  #started: StartedApp | undefined;

  private constructor(private readonly env: Record<string, string>) {}

  /** One for the tests of a `describe`: opened before the first of them, emptied before each, closed after the last. */
  static forTests(env: Record<string, string> = {}): TestSimulator {
    const simulator = new TestSimulator(env);
    beforeAll(() => simulator.#open(), 30_000);
    beforeEach(() => simulator.#empty());
    afterAll(() => simulator.#stop());
    return simulator;
  }

  get started(): StartedApp {
    if (!this.#started) throw new Error('the simulator runs while tests do, not before');
    return this.#started;
  }

  get url(): string {
    return this.started.url;
  }

  get control(): SimulatorControl {
    return new SimulatorControl(this.url, TOKEN);
  }

  async restart(): Promise<void> {
    await this.started.close();
    this.#started = await open(this.directory, this.env);
    await this.#trust();
  }

  file(name: string): Promise<Buffer> {
    return readFile(join(this.directory, 'certificates', name));
  }

  /** A number that no order had before. */
  number(prefix = 'T'): string {
    return `${prefix}${Date.now()}${(this.#numbers += 1)}`;
  }

  orderFields(change: Fields = {}): Fields {
    return {
      body: '茶 & <tee>',
      out_trade_no: this.number(),
      total_fee: '88',
      spbill_create_ip: '127.0.0.1',
      notify_url: this.merchant.url('/notify'),
      trade_type: 'NATIVE',
      product_id: 'P1',
      ...change,
    };
  }

  /** Places an order; throws when it was refused. */
  async order(change: Fields = {}): Promise<Fields> {
    const fields = this.orderFields(change);
    const answer = await this.call('/pay/unifiedorder', fields);
    if (answer['result_code'] !== 'SUCCESS') throw new Error(JSON.stringify(answer));
    return { ...fields, ...answer };
  }

  /** One signed call without TLS; the answer's signature is checked. */
  async call(path: string, fields: Fields): Promise<Fields> {
    const { text } = await this.send(path, fields);
    return checked(text, fields['sign_type']);
  }

  async send(
    path: string,
    fields: Fields,
  ): Promise<{ status: number; type: string | null; text: string; raw: Buffer }> {
    const response = await fetch(`${this.url}${path}`, { method: 'POST', body: signed(fields) });
    const raw = Buffer.from(await response.arrayBuffer());
    return { status: response.status, type: response.headers.get('content-type'), text: raw.toString(), raw };
  }

  async refund(fields: Fields): Promise<Fields> {
    const { status, text } = await this.sendSecurely('/secapi/pay/refund', fields, this.#agent);
    if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
    return checked(text, fields['sign_type']);
  }

  /** Over TLS, with whatever the agent shows. */
  async sendSecurely(path: string, fields: Fields, agent: Agent): Promise<{ status: number; text: string }> {
    const { secureUrl } = await this.control.about();
    return new Promise((resolve, reject) => {
      const outgoing = request(`${secureUrl}${path}`, { method: 'POST', agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      outgoing.on('error', reject).end(signed(fields));
    });
  }

  async #open(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'wechat-simulator-'));
    this.#started = await open(this.directory, this.env);
    await this.merchant.start();
    await this.#trust();
  }

  async #empty(): Promise<void> {
    this.merchant.forget();
    await this.control.reset();
  }

  async #stop(): Promise<void> {
    this.#agent.destroy();
    await this.#started?.close();
    await this.merchant.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #trust(): Promise<void> {
    const [ca, cert, key] = await Promise.all([
      this.file('ca.pem'),
      this.file('apiclient_cert.pem'),
      this.file('apiclient_key.pem'),
    ]);
    this.#agent.destroy();
    this.#agent = new Agent({ ca, cert, key });
  }
}

const open = (directory: string, env: Record<string, string>): Promise<StartedApp> =>
  startApp(
    WechatSimulatorModule.with(
      readSimulatorSettings({
        SIMULATOR_CONTROL_TOKEN: TOKEN,
        SIMULATOR_DATA_DIR: directory,
        WECHAT_APPID: APPID,
        WECHAT_MCH_ID: MCH_ID,
        WECHAT_API_KEY: KEY,
        ...env,
      }),
    ),
    {
      name: 'wechat-simulator',
      port: 0,
      logger: createLogger('test', 'silent'),
      openapi: false,
      staticDirs: ['libs/platform/web', 'apps/wechat-simulator/web'],
      signals: false,
    },
  );

function signed(fields: Fields): string {
  const all: Fields = { appid: APPID, mch_id: MCH_ID, nonce_str: 'n0nce', ...fields };
  return xml({ ...all, sign: all['sign'] ?? sign(all) });
}

function checked(text: string, signType: string | undefined): Fields {
  const fields = read(text);
  if (fields['return_code'] === 'SUCCESS' && fields['sign'] !== sign(fields, signType)) {
    throw new Error(`The answer is not signed right: ${text}`);
  }
  return fields;
}
