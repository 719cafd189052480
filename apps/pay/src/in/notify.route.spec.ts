import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
import { createLogger, startApp, type StartedApp } from '#platform';
import { NOTIFY_SUCCESS } from '#wechat-pay';
import { Notify, type NotifyReply } from '../flow/notify.ts';
import { RefundNotify } from '../flow/refund-notice.ts';
import { Scan, type ScanReply } from '../flow/scan.ts';
import { addNotifyRoutes } from './notify.route.ts';

Logger.overrideLogger(false);

const received: Buffer[] = [];
const refundsReceived: Buffer[] = [];
let reply: NotifyReply;
const notify = {
  receive: (raw: Buffer): Promise<NotifyReply> => {
    received.push(raw);
    return Promise.resolve(reply);
  },
};

const refundNotify = {
  receive: (raw: Buffer): Promise<NotifyReply> => {
    refundsReceived.push(raw);
    return Promise.resolve(reply);
  },
};

let scanReply: ScanReply;
const scan = { receive: (): Promise<ScanReply> => Promise.resolve(scanReply) };

@Module({
  providers: [
    { provide: Notify, useValue: notify },
    { provide: RefundNotify, useValue: refundNotify },
    { provide: Scan, useValue: scan },
  ],
})
class NotifyOnly {}

let started: StartedApp;
beforeAll(async () => {
  const logger = createLogger('test', 'silent');
  started = await startApp(NotifyOnly, {
    ...{ name: 'test', port: 0, logger, openapi: false, signals: false },
    configure: addNotifyRoutes,
  });
});
afterAll(() => started.close());
beforeEach(() => {
  received.length = 0;
  reply = { kind: 'success' };
});

const post = (body: Buffer | string, headers: Record<string, string> = {}) =>
  fetch(`${started.url}/weixin/pay/notify/url`, { method: 'POST', body, headers });

describe('the notify route', () => {
  it('answers SUCCESS by exactly the bytes WeChat knows', async () => {
    const answer = await post('<xml/>', { 'content-type': 'text/xml' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(await answer.text()).toBe(NOTIFY_SUCCESS);
  });

  it.each(['text/xml', 'application/json', 'text/plain; charset=GBK', 'nonsense', ';;;', ''])(
    'takes the bytes as they are, whatever the content type says (F11, %j)',
    async (type) => {
      const body = Buffer.from([0xef, 0xbb, 0xbf, 0x3c, 0x00, 0xff]);
      await post(body, { 'content-type': type });
      expect(received).toEqual([body]);
    },
  );

  it('hands an empty body on as one', async () => {
    await post('');
    expect(received).toEqual([Buffer.alloc(0)]);
  });

  it('does not unpack', async () => {
    const packed = gzipSync(Buffer.alloc(1_000_000));
    await post(packed, { 'content-encoding': 'gzip' });
    expect(received).toEqual([packed]);
  });

  it('takes 64 KiB, and answers FAIL to one byte more', async () => {
    await post(Buffer.alloc(65_536));
    expect(received).toHaveLength(1);
    const answer = await post(Buffer.alloc(65_537));
    expect(received).toHaveLength(1);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('<![CDATA[FAIL]]>')]);
  });

  it('says FAIL when the notification was not accepted', async () => {
    reply = { kind: 'fail', message: 'busy' };
    const answer = await post('<xml/>');
    expect([answer.status, await answer.text()]).toEqual([
      200,
      '<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[busy]]></return_msg></xml>',
    ]);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const answer = await fetch(`${started.url}/weixin/pay/notify/url`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(received).toEqual([]);
  });

  it('takes refunds at their own address', async () => {
    const answer = await fetch(`${started.url}/weixin/pay/notify/refund`, { method: 'POST', body: '<xml/>' });
    expect(await answer.text()).toBe(NOTIFY_SUCCESS);
    expect([refundsReceived.length, received.length]).toEqual([1, 0]);
  });

  it('leaves the other routes alone', async () => {
    const answer = await fetch(`${started.url}/health/ready`);
    expect(answer.headers.get('content-type')).toContain('application/json');
  });
});

describe('the route that WeChat asks when a product code is scanned', () => {
  const url = () => `${started.url}/weixin/pay/native/callback`;
  const ask = (body: string) => fetch(url(), { method: 'POST', body, headers: { 'content-type': 'text/xml' } });

  it('answers what was signed, byte for byte', async () => {
    scanReply = { kind: 'signed', xml: '<xml><sign>ABC</sign></xml>' };
    const answer = await ask('<xml/>');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/xml; charset=utf-8']);
    expect(await answer.text()).toBe('<xml><sign>ABC</sign></xml>');
  });

  it('answers FAIL with a text when nobody knows who is asking', async () => {
    scanReply = { kind: 'unsigned', message: '商家无法识别这次扫码' };
    const answer = await ask('<xml/>');
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('商家无法识别这次扫码')]);
    expect(await (await ask('x'.repeat(64 * 1024 + 1))).text()).toContain('FAIL');
  });

  it('takes nothing but POST', async () => {
    const answer = await fetch(url());
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
