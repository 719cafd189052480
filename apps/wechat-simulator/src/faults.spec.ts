import { describe, expect, it } from '@jest/globals';
import { SwaggerModule } from '@nestjs/swagger';
import { readFile } from 'node:fs/promises';
import { createLogger, startApp } from '#platform';
import { documentedBillTexts, documentedErrors } from '../../../test/support/documented-errors.ts';
import { FAIL, type Fields, read, sign, SUCCESS, TestSimulator } from '../../../test/support/simulator.ts';
import { readSimulatorSettings } from './config.ts';
import type { EndpointFault, EndpointName } from './domain/faults.ts';
import { paths } from './in/gateway.routes.ts';
import { WechatSimulatorModule } from './wechat-simulator.module.ts';

describe('faults', () => {
  const sim = TestSimulator.forTests();
  const meet = async (fault: EndpointFault) => {
    await sim.control.faults({ endpoints: { unifiedorder: { ...fault, times: 1 } } });
    const fields = sim.orderFields();
    const answer = await sim.send('/pay/unifiedorder', fields).catch(() => 'no answer' as const);
    const done = (await sim.control.ledger('ordered')).length === 1;
    return { fields, answer, done, answered: answer === 'no answer' ? {} : read(answer.text) };
  };

  it('end the connection at once, and nothing is done', async () => {
    expect(await meet({ cut: true })).toMatchObject({ answer: 'no answer', done: false });
  });

  it('answer any err_code or return_msg instead of doing it', async () => {
    expect(await meet({ error: 'NOTENOUGH' })).toMatchObject({
      ...{ done: false, answered: { result_code: 'FAIL', err_code: 'NOTENOUGH', err_code_des: '余额不足' } },
    });
    expect(await meet({ returnFail: '频率限制' })).toMatchObject({
      ...{ done: false, answered: { return_code: 'FAIL', return_msg: '频率限制' } },
    });
  });

  it('do it, and answer something else', async () => {
    expect(await meet({ answer: 'html', status: 502 })).toMatchObject({
      ...{ done: true, answer: { status: 502, type: 'text/html' } },
    });
    await sim.control.reset();
    expect(await meet({ answer: 'empty' })).toMatchObject({ done: true, answer: { status: 200, text: '' } });
    const { answer: half } = await meet({ answer: 'half-xml' });
    expect(half).toMatchObject({ text: expect.stringMatching(/^<xml>(?![^]*<\/xml>)/) });
    const { answer: huge } = await meet({ answer: 'huge' });
    expect((huge as { raw: Buffer }).raw.length).toBeGreaterThan(2_000_000);
    const { answered: unsigned } = await meet({ answer: 'no-sign' });
    expect(unsigned).toMatchObject({ result_code: 'SUCCESS' });
    expect(unsigned).not.toHaveProperty('sign');
    const { answered: foreign } = await meet({ answer: 'other-appid' });
    expect(foreign).toMatchObject({ appid: 'wx0000000000000000', sign: sign(foreign) });
  });

  it('answer about another order, signed well', async () => {
    const order = await sim.order();
    await sim.control.faults({ endpoints: { orderquery: { answer: 'other-order' } } });
    const answer = await sim.call('/pay/orderquery', { out_trade_no: order['out_trade_no']! });
    expect(answer).toMatchObject({ trade_state: 'NOTPAY', sign: sign(answer) });
    expect(answer['out_trade_no']).not.toBe(order['out_trade_no']);
  });

  it('add a field that nobody knows, signed like the others', async () => {
    const { answered } = await meet({ unknownField: true });
    expect(answered).toMatchObject({ simulator_field_2030: '新字段 & more', sign: sign(answered) });
  });

  it('strike one order only, by whichever of its numbers it is named', async () => {
    const [one, other] = [await sim.order(), await sim.order()];
    const { transactionId } = await sim.control.pay(one['out_trade_no']!);
    const number = { out_trade_no: one['out_trade_no']! };
    await sim.refund({ ...number, out_refund_no: 'R1', total_fee: '88', refund_fee: '1' });
    const system = { systemError: 'before' as const };
    await sim.control.faults({ orders: { [one['out_trade_no']!]: { orderquery: system, refundquery: system } } });
    const code = async (path: string, key: Fields) => (await sim.call(path, key))['err_code'];
    expect(await code('/pay/orderquery', number)).toBe('SYSTEMERROR');
    expect(await code('/pay/orderquery', { transaction_id: transactionId! })).toBe('SYSTEMERROR');
    expect(await code('/pay/refundquery', { out_refund_no: 'R1' })).toBe('SYSTEMERROR');
    expect(await code('/pay/orderquery', { out_trade_no: other['out_trade_no']! })).toBeUndefined();
  });

  it('come by chance, the same for the same seed', async () => {
    const day = async (): Promise<(string | undefined)[]> => {
      await sim.control.faults({
        random: { seed: 5, share: 0.5, choose: [{ systemError: 'before' }, { returnFail: '频率限制' }] },
      });
      const answers: (string | undefined)[] = [];
      for (let i = 0; i < 30; i += 1) {
        const { err_code, return_msg } = await sim.call('/pay/orderquery', { out_trade_no: 'NOBODY' });
        answers.push(err_code ?? return_msg);
      }
      return answers;
    };
    const first = await day();
    expect(new Set(first)).toEqual(new Set(['SYSTEMERROR', '频率限制', 'ORDERNOTEXIST']));
    expect(await day()).toEqual(first);
  });

  describe('of notifications', () => {
    const pay = async (orders = 1): Promise<void> => {
      const numbers = await Promise.all(Array.from({ length: orders }, () => sim.order()));
      await Promise.all(numbers.map(({ out_trade_no: number }) => sim.control.pay(number!)));
    };

    it('show sign_type, unknown and empty fields always or never', async () => {
      const shown = { signType: 'always', unknownFields: 'always', emptyFields: 'always' } as const;
      await sim.control.faults({ notify: shown });
      await pay();
      await sim.control.advance(0);
      const full = read(sim.merchant.heard[0]!.body);
      expect(full).toMatchObject({
        sign_type: 'MD5',
        attach: '',
        device_info: '',
        rate_value: '100',
        sign: sign(full),
      });
      await sim.control.faults({ notify: { signType: 'never', unknownFields: 'never', emptyFields: 'never' } });
      await pay();
      await sim.control.advance(0);
      const names = Object.keys(read(sim.merchant.heard[1]!.body));
      for (const name of ['sign_type', 'rate_value', 'attach', 'device_info']) expect(names).not.toContain(name);
    });

    it('let messages overtake each other', async () => {
      await sim.control.faults({ notify: { jitterMs: 60_000, seed: 2 } });
      await pay(12);
      await sim.control.advance(60_000);
      const heard = sim.merchant.heard.map(({ body }) => read(body)['out_trade_no']);
      const paid = (await sim.control.ledger('captured')).map(({ outTradeNo }) => outTradeNo);
      expect(new Set(heard)).toEqual(new Set(paid));
      expect(heard).not.toEqual(paid);
    });

    it('send slowly, and the merchant still hears all of it', async () => {
      await sim.control.faults({ notify: { slowMs: 30 } });
      await pay();
      await sim.control.advance(0);
      const notice = read(sim.merchant.heard[0]!.body);
      expect(notice['sign']).toBe(sign(notice));
      expect(await sim.control.ledger('notified')).toMatchObject([{ accepted: true }]);
    });

    it.each(['sign', 'unsigned', 'amount', 'order', 'appid', 'mch_id', 'fail', 'doctype'] as const)(
      'send a forged message ahead (%s) that a check of the signature finds out',
      async (forgery) => {
        sim.merchant.reply = (_path, body) => {
          const fields = read(body);
          const isGenuine = body.startsWith('<xml>') && fields['sign'] === sign(fields);
          return { status: 200, body: isGenuine ? SUCCESS : FAIL };
        };
        await sim.control.faults({ notify: { forgeRate: 1, forgery } });
        await pay();
        await sim.control.advance(0);
        expect(await sim.control.ledger('forged')).toMatchObject([{ forgery, accepted: false }]);
        expect(await sim.control.ledger('notified')).toMatchObject([{ accepted: true }]);
      },
    );
  });

  describe('every documented error', () => {
    const minimal: Fields = { out_trade_no: 'T1' };
    const cases = Object.entries(documentedErrors).flatMap(([endpoint, codes]) =>
      codes.map((code) => [endpoint as EndpointName, code] as const),
    );

    it.each(cases)('of %s can be had: %s', async (endpoint, code) => {
      await sim.control.faults({ endpoints: { [endpoint]: { error: code } } });
      const answer = endpoint === 'refund' ? await sim.refund(minimal) : await sim.call(paths[endpoint], minimal);
      expect(answer).toMatchObject({ result_code: 'FAIL', err_code: code });
      expect(answer['err_code_des']).not.toBe(code);
    });

    it('stands in the table of the README, with every text of a bill', async () => {
      const readme = await readFile('apps/wechat-simulator/README.md', 'utf8');
      for (const [endpoint, codes] of Object.entries(documentedErrors)) {
        if (codes.length === 0) continue;
        const section = readme.split(`### ${endpoint}\n`)[1]?.split('\n### ')[0] ?? '';
        const listed = [...section.matchAll(/^\| `([A-Z0-9_]+)` /gm)].map(([, code]) => code);
        expect([endpoint, listed.sort()]).toEqual([endpoint, [...codes].sort()]);
      }
      for (const text of documentedBillTexts) expect(readme).toContain(`| \`${text}\` |`);
    });
  });

  describe('control', () => {
    it('gives the ledger as lines too', async () => {
      await sim.order();
      const headers = { 'x-control-token': 'a-token-for-this-test-only' };
      const byPath = await fetch(`${sim.url}/control/ledger.ndjson`, { headers });
      const byAccept = await fetch(`${sim.url}/control/ledger`, {
        headers: { ...headers, accept: 'application/x-ndjson' },
      });
      expect(byPath.headers.get('content-type')).toBe('application/x-ndjson');
      const text = await byPath.text();
      expect(await byAccept.text()).toBe(text);
      const kinds = text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind);
      expect(kinds).toEqual(['reset', 'ordered']);
    });

    it('says what is wrong with a plan or a rule', async () => {
      const refused = (path: string) => ({ status: 400, problem: { code: 'INVALID_INPUT', errors: [{ path }] } });
      await expect(sim.control.faults({ endpoints: { refund: { error: 'no code' } } })).rejects.toMatchObject(
        refused('endpoints.refund.error'),
      );
      await expect(sim.control.faults({ random: { seed: 1, share: 2 } })).rejects.toMatchObject(
        refused('random.share'),
      );
      await expect(sim.control.rules({ scanUrl: 'shop' })).rejects.toMatchObject(refused('scanUrl'));
      for (const year of ['0001', '1999', '3000', '9999']) {
        const at = `${year}-06-01T00:00:00Z`;
        await expect(sim.control.move({ freezeAt: at })).rejects.toMatchObject({ status: 400 });
        await expect(sim.control.move({ setTo: at })).rejects.toMatchObject({ status: 400 });
      }
      await expect(sim.control.refund('NOBODY')).rejects.toMatchObject({ status: 404 });
      await expect(sim.control.order('NOBODY')).rejects.toMatchObject({ status: 404 });
    });

    it.each<[string, number, string, string]>([
      ['half a JSON text', 400, 'application/json', '{'],
      ['a text', 415, 'text/plain', 'x'],
      ['too much', 413, 'application/json', JSON.stringify('x'.repeat(64 * 1024))],
    ])('answers %s with a problem, before a controller sees it', async (_what, status, type, body) => {
      for (const [method, path] of [
        ['PUT', 'control/faults'],
        ['POST', 'phone/api/pay'],
      ]) {
        const response = await fetch(`${sim.url}/${path}`, { method, headers: { 'content-type': type }, body });
        expect(response.headers.get('content-type')).toMatch('application/problem+json');
        expect(await response.json()).toMatchObject({ status, code: expect.any(String) });
      }
    });

    it('is described in OpenAPI, every route with what it takes and gives', () => {
      const { paths: routes } = SwaggerModule.createDocument(sim.started.app, {
        openapi: '3.0.0',
        info: { title: '', version: '' },
      });
      const control = Object.entries(routes).filter(([path]) => path.startsWith('/control'));
      const described = control.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
      expect(described).toHaveLength(18);
      for (const [, methods] of control) {
        for (const operation of Object.values(methods as Record<string, { summary?: string; responses: object }>)) {
          expect(operation.summary).toBeTruthy();
          expect(JSON.stringify(operation.responses)).toMatch(/"schema":\{"|"204"/);
        }
      }
      expect(routes['/control/faults']!.put!.requestBody).toBeDefined();
    });

    it('keeps a second simulator out of the data folder, until the first has gone', async () => {
      const open = () =>
        startApp(
          WechatSimulatorModule.with(
            readSimulatorSettings({
              ...{ SIMULATOR_CONTROL_TOKEN: 'another-token-for-it', SIMULATOR_DATA_DIR: sim.directory },
              ...{ WECHAT_APPID: 'wx1', WECHAT_MCH_ID: '1', WECHAT_API_KEY: '0123456789abcdef0123456789abcdef' },
            }),
          ),
          { name: 'second', port: 0, logger: createLogger('second', 'silent'), openapi: false, signals: false },
        );
      await expect(open()).rejects.toThrow(/Another simulator \(process \d+ on .*\) uses/);
      await sim.order();
    });
  });
});
