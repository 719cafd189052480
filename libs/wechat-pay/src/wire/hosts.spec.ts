import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Answer,
  answers,
  answersText,
  deadUrl,
  failsWith,
  newClient,
  refuses,
  TestServer,
  unknown,
} from '../../test-support/server.ts';
import { MerchantLimits, type WechatPayClient, type WechatPayOptions } from '../index.ts';

let main: TestServer;
let second: TestServer;
const clients: WechatPayClient[] = [];
const NOTPAY = answers({ out_trade_no: 'A1', trade_state: 'NOTPAY' });

beforeEach(async () => {
  main = await new TestServer().listen();
  second = await new TestServer().listen();
  main.answer = second.answer = NOTPAY;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await main.close();
  await second.close();
});

function client(options: Partial<WechatPayOptions> = {}): WechatPayClient {
  const made = newClient({ baseUrls: [main.url, second.url], ...options });
  clients.push(made);
  return made;
}

const query = (asked: WechatPayClient, deadlineMs?: number) => asked.orderQuery({ outTradeNo: 'A1' }, { deadlineMs });

/** Answers each request with the next of these, and with the last one for ever. */
const inTurn = (...all: Answer[]): Answer => {
  let turn = 0;
  return (response, fields) => all[Math.min(turn++, all.length - 1)]!(response, fields);
};

describe('the second host', () => {
  it('is not asked while the main one answers, whatever it answers', async () => {
    const asked = client();
    expect(await query(asked)).toMatchObject({ kind: 'ok' });
    main.answer = answersText('', 503);
    expect(await query(asked)).toEqual(unknown('HTTP 503'));
    expect(second.requests).toEqual([]);
  });

  it('is asked when the main one refuses connections, and first from then on', async () => {
    const asked = client({ baseUrls: [await deadUrl(), second.url] });
    expect(await query(asked)).toMatchObject({ kind: 'ok' });
    expect(await query(asked)).toMatchObject({ kind: 'ok' });
    expect(second.requests).toHaveLength(2);
  });

  it('is asked when the main one lets connections hang, in time for the deadline', async () => {
    const silent = net.createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const asked = client({ baseUrls: [`https://127.0.0.1:${port}`, second.url], timeouts: { connectMs: 60_000 } });
    expect(await query(asked, 2_000)).toMatchObject({ kind: 'ok' });
    silent.close();
  });

  it('is never asked when anything may have reached the main one', async () => {
    main.answer = (response) => response.destroy();
    expect(await query(client())).toEqual(unknown('connection: ECONNRESET'));
    main.answer = () => undefined;
    expect(await query(client(), 100)).toEqual(unknown('deadline'));
    expect(second.requests).toEqual([]);
  });

  it('cannot help when it cannot be reached either', async () => {
    const asked = client({ baseUrls: [await deadUrl(), await deadUrl()] });
    expect(await query(asked)).toEqual(unknown('connection: ECONNREFUSED'));
  });
});

describe('a call is repeated (E1, E4, E5)', () => {
  const retry = { tries: 3, pauseMs: 2, limitedPauseMs: 4 };

  it.each<[string, Answer]>([
    ['SYSTEMERROR', refuses('SYSTEMERROR')],
    ['a system error without a code', failsWith('系统繁忙，请稍后再试')],
    ['BIZERR_NEED_RETRY', refuses('BIZERR_NEED_RETRY')],
    ['too many calls', failsWith('频率限制')],
  ])('unchanged after %s', async (_what, trouble) => {
    main.answer = inTurn(trouble, trouble, NOTPAY);
    expect(await query(client({ retry }))).toMatchObject({ kind: 'ok' });
    expect(main.requests).toHaveLength(3);
    expect(main.requests[1]).toEqual(main.requests[0]);
    expect(main.requests[2]).toEqual(main.requests[0]);
  });

  it('a bounded number of times', async () => {
    main.answer = refuses('SYSTEMERROR');
    expect(await query(client({ retry }))).toEqual(unknown('SYSTEMERROR'));
    expect(main.requests).toHaveLength(3);
  });

  it('when it was never sent', async () => {
    const dead = await deadUrl();
    const asked = client({ baseUrls: [dead], retry: { tries: 200, pauseMs: 1, limitedPauseMs: 1 } });
    const pending = query(asked, 60_000);
    const late = net.createServer((socket) => socket.destroy());
    await once(late.listen(Number(new URL(dead).port), '127.0.0.1'), 'listening');
    expect(await pending).toEqual(unknown('connection: ECONNRESET'));
    late.close();
  });

  it.each<[string, Answer]>([
    ['a refusal', refuses('ORDERNOTEXIST')],
    ['too many wrong requests, which need a minute', refuses('INVALID_REQ_TOO_MUCH')],
    ['HTTP 503', answersText('', 503)],
    ['an unreadable answer', answersText('<html></html>')],
    ['another order’s answer', answers({ out_trade_no: 'A2', trade_state: 'NOTPAY' })],
    ['a broken connection', (response) => response.destroy()],
  ])('never after %s', async (_what, trouble) => {
    main.answer = trouble;
    expect(await query(client({ retry }))).not.toMatchObject({ kind: 'ok' });
    expect(main.requests).toHaveLength(1);
  });

  it('never when the deadline leaves no time for the pause, which is then not waited for', async () => {
    main.answer = refuses('SYSTEMERROR');
    const asked = client({ retry: { tries: 3, pauseMs: 3_600_000, limitedPauseMs: 3_600_000 } });
    expect(await query(asked)).toEqual(unknown('SYSTEMERROR'));
    expect(main.requests).toHaveLength(1);
  });

  it('never after the caller gave up during the pause', async () => {
    const giveUp = new AbortController();
    main.answer = (response, fields) => {
      refuses('SYSTEMERROR')(response, fields);
      setTimeout(() => giveUp.abort(), 5);
    };
    const asked = client({ retry: { tries: 3, pauseMs: 60_000, limitedPauseMs: 60_000 } });
    const call = { signal: giveUp.signal, deadlineMs: 3_600_000 };
    expect(await asked.orderQuery({ outTradeNo: 'A1' }, call)).toEqual(unknown('SYSTEMERROR'));
    expect(main.requests).toHaveLength(1);
  });
});

describe('the rate limit', () => {
  it('keeps calls back that would be one too many, and tells when their deadline does not allow that', async () => {
    const asked = client({ limits: new MerchantLimits({ ordersPerSecond: 2 }) });
    const results = await Promise.all([1, 2, 3].map(() => query(asked, 500)));
    expect(results.map(({ kind }) => kind)).toEqual(['ok', 'ok', 'unknown']);
    expect(results[2]).toEqual(unknown('rate limit'));
    expect(main.requests).toHaveLength(2);
  });

  it('is one for all clients that share it', async () => {
    const limits = new MerchantLimits({ ordersPerSecond: 1 });
    expect(await query(client({ limits }), 500)).toMatchObject({ kind: 'ok' });
    expect(await query(client({ limits }), 500)).toEqual(unknown('rate limit'));
  });

  it('must be a number of calls', () => {
    for (const ordersPerSecond of [0, 1.5, -1, NaN, Infinity])
      expect(() => new MerchantLimits({ ordersPerSecond })).toThrow('rate limit');
  });
});
