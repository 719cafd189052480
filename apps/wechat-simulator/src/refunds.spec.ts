import { describe, expect, it } from '@jest/globals';
import { createDecipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAIL, type Fields, KEY, read, SUCCESS, TestSimulator } from '../../../test/support/simulator.ts';
import { encryptReqInfo } from './out/req-info.ts';
import { openTlsFiles } from './out/tls-files.ts';

interface Vector {
  id: string;
  key: string;
  input: { plaintext: string };
  expected: string;
}
const { vectors } = JSON.parse(readFileSync('libs/wechat-pay/vectors/v2.json', 'utf8')) as { vectors: Vector[] };
const MINUTE = 60_000;

/** As a merchant does it, written down again. */
function opened(body: string): { outer: Fields; inner: Fields } {
  const outer = read(body);
  const decipher = createDecipheriv('aes-256-ecb', createHash('md5').update(KEY).digest('hex'), null);
  const plain = decipher.update(outer['req_info'] ?? '', 'base64', 'utf8') + decipher.final('utf8');
  expect(plain).toMatch(/^<root>.*<\/root>$/s);
  return { outer, inner: read(plain.slice('<root>'.length, -'</root>'.length)) };
}

it.each(vectors.filter(({ id }) => id.startsWith('v2-reqinfo')))('encrypts req_info as vector $id', (vector) => {
  expect(encryptReqInfo(vector.input.plaintext, vector.key)).toBe(vector.expected);
});

describe('refunds over HTTP', () => {
  const sim = TestSimulator.forTests();

  const paid = async (totalFee = '100', how?: Parameters<typeof sim.control.pay>[1]): Promise<Fields> => {
    const order = await sim.order({ total_fee: totalFee });
    const { transactionId } = await sim.control.pay(order['out_trade_no']!, how);
    await sim.control.advance(0);
    sim.merchant.heard.length = 0;
    return { transaction_id: transactionId!, out_trade_no: order['out_trade_no']!, total_fee: totalFee };
  };
  const ask = ({ out_trade_no, total_fee }: Fields, change: Fields): Promise<Fields> =>
    sim.refund({ out_trade_no: out_trade_no!, total_fee: total_fee!, out_refund_no: sim.number('R'), ...change });
  const query = (key: Fields): Promise<Fields> => sim.call('/pay/refundquery', key);

  describe('the client certificate', () => {
    const page = /^<html>[^]*No required SSL certificate was sent/;
    const refund = { out_trade_no: 'T', out_refund_no: 'R', total_fee: '1', refund_fee: '1' };

    it('is required', async () => {
      expect(await sim.send('/secapi/pay/refund', refund)).toMatchObject({
        status: 400,
        type: 'text/html',
        text: expect.stringMatching(page),
      });
      const agent = new Agent({ ca: await sim.file('ca.pem') });
      expect(await sim.sendSecurely('/secapi/pay/refund', refund, agent)).toMatchObject({
        status: 400,
        text: expect.stringMatching(page),
      });
    });

    it.each<[string, string, string[]]>([
      ['of another CA', '1900000109', []],
      ['of another merchant', '1900000110', ['ca.pem', 'ca-key.pem']],
    ])('must be the merchant’s own, not one %s', async (_which, mchId, shared) => {
      const folder = await mkdtemp(join(tmpdir(), 'foreign-'));
      for (const name of shared) await writeFile(join(folder, name), await sim.file(name));
      await openTlsFiles(folder, mchId, []);
      const own = (file: string) => readFile(join(folder, file));
      const [cert, key] = [await own('apiclient_cert.pem'), await own('apiclient_key.pem')];
      const foreign = new Agent({ ca: await sim.file('ca.pem'), cert, key });
      expect(await sim.sendSecurely('/secapi/pay/refund', refund, foreign)).toMatchObject({ status: 400 });
      await rm(folder, { recursive: true });
    });

    it('is not needed for the other calls, which are all on the TLS port too', async () => {
      const agent = new Agent({ ca: await sim.file('ca.pem') });
      const { text } = await sim.sendSecurely('/pay/orderquery', { out_trade_no: 'NOBODY' }, agent);
      expect(read(text)).toMatchObject({ err_code: 'ORDERNOTEXIST' });
    });
  });

  it('takes a refund to its end: accepted, PROCESSING, SUCCESS, told until it is believed', async () => {
    const order = await paid();
    sim.merchant.reply = () => ({ status: 200, body: FAIL });
    const notifyUrl = sim.merchant.url('/refunded');
    const accepted = await ask(order, { out_refund_no: 'R@1', refund_fee: '40', notify_url: notifyUrl });
    expect(accepted).toMatchObject({
      ...{ result_code: 'SUCCESS', ...order, out_refund_no: 'R@1', refund_fee: '40', cash_refund_fee: '40' },
      refund_id: expect.stringMatching(/^50\d{27}$/),
    });
    expect(await query({ out_refund_no: 'R@1' })).toMatchObject({ refund_count: '1', refund_status_0: 'PROCESSING' });
    expect(await sim.call('/pay/orderquery', { out_trade_no: order['out_trade_no']! })).toMatchObject({
      trade_state: 'REFUND',
      total_fee: '100',
    });

    await sim.control.advance(10_000);
    const [first] = sim.merchant.heard;
    expect(first!.path).toBe('/refunded');
    const { outer, inner } = opened(first!.body);
    expect(Object.keys(outer).sort()).toEqual(['appid', 'mch_id', 'nonce_str', 'req_info', 'return_code']);
    expect(inner).toMatchObject({
      ...{ ...order, out_refund_no: 'R@1', refund_id: accepted['refund_id'], refund_fee: '40' },
      ...{ settlement_refund_fee: '40', refund_status: 'SUCCESS', refund_request_source: 'API' },
      ...{ refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS', refund_recv_accout: '支付用户零钱' },
      success_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    });
    sim.merchant.reply = () => ({ status: 200, body: SUCCESS });
    await sim.control.advance(15_000);
    await sim.control.advance(86_400_000);
    expect(sim.merchant.heard).toHaveLength(2);
    expect(await query({ refund_id: accepted['refund_id']! })).toMatchObject({
      refund_status_0: 'SUCCESS',
      refund_success_time_0: inner['success_time'],
      refund_channel_0: 'ORIGINAL',
      refund_recv_accout_0: '支付用户零钱',
    });
    expect((await sim.control.refund('R@1')).notifications).toMatchObject([{ accepted: false }, { accepted: true }]);
  });

  it('ends as it is told to, now or by rule', async () => {
    const order = await paid();
    await ask(order, { out_refund_no: 'R1', refund_fee: '10', notify_url: sim.merchant.url('/refunded') });
    expect(await sim.control.endRefund('R1', 'CHANGE')).toMatchObject({ status: 'CHANGE' });
    await expect(sim.control.endRefund('R1', 'SUCCESS')).rejects.toMatchObject({ status: 409 });
    await sim.control.advance(MINUTE);
    expect(opened(sim.merchant.heard[0]!.body).inner).toMatchObject({ refund_status: 'CHANGE' });
    await sim.control.rules({
      refundEndsAs: 'REFUNDCLOSE',
      refundAfterMs: 0,
      refundNotifyUrl: sim.merchant.url('/set'),
    });
    await ask(order, { out_refund_no: 'R2', refund_fee: '10' });
    await sim.control.advance(0);
    expect(await query({ out_refund_no: 'R2' })).toMatchObject({ refund_status_0: 'REFUNDCLOSE' });
    expect(sim.merchant.heard.map(({ path }) => path)).toEqual(['/refunded', '/set']);
  });

  it('tells nobody when there is no address to tell', async () => {
    await ask(await paid(), { refund_fee: '10' });
    await sim.control.advance(MINUTE);
    expect(sim.merchant.heard).toEqual([]);
  });

  it('answers every limit with its code', async () => {
    const unpaid = await sim.order();
    const order = await paid();
    const code = async (change: Fields, of = order) => (await ask(of, { refund_fee: '10', ...change }))['err_code'];
    expect(await code({}, unpaid)).toBe('ORDERNOTEXIST');
    expect(await code({ out_trade_no: 'NOBODY' })).toBe('ORDERNOTEXIST');
    expect(await code({ transaction_id: 'x!' })).toBe('INVALID_TRANSACTIONID');
    expect(await code({ total_fee: '99' })).toBe('REFUND_FEE_MISMATCH');
    expect(await code({ refund_fee: '101' })).toBe('ERROR');
    expect(await code({ out_refund_no: 'R1' })).toBeUndefined();
    expect(await code({ out_refund_no: 'R1' })).toBeUndefined();
    expect(await code({ out_refund_no: 'R1', refund_fee: '11' })).toBe('REFUND_FEE_MISMATCH');
    expect(await code({})).toBe('FREQUENCY_LIMITED');
    await sim.control.advance(MINUTE);
    expect(await code({ refund_fee: '90' })).toBeUndefined();
    expect(await ask(order, { refund_fee: '1' })).toMatchObject({ err_code: 'ERROR', err_code_des: '订单已全额退款' });
    const other = await paid();
    expect(await code({ out_refund_no: 'R1' }, other)).toBe('INVALID_REQUEST');
    await sim.control.advance(366 * 86_400_000);
    expect(await code({}, other)).toBe('TRADE_OVERDUE');
    expect(await sim.control.ledger('refunded')).toHaveLength(2);
  });

  it.each<[string, Fields]>([
    ['缺少参数', { out_refund_no: '' }],
    ['缺少参数', { out_trade_no: '' }],
    ['out_refund_no参数格式错误', { out_refund_no: 'R 1' }],
    ['out_refund_no参数长度有误', { out_refund_no: 'R'.repeat(65) }],
    ['invalid refund_fee', { refund_fee: '0.5' }],
    ['invalid total_fee', { total_fee: 'x' }],
    ['refund_account参数格式错误', { refund_account: 'MINE' }],
    ['refund_fee_type参数格式错误', { refund_fee_type: 'USD' }],
    ['notify_url参数格式错误', { notify_url: 'http://127.0.0.1/?a=1' }],
    ['refund_desc参数长度有误', { refund_desc: '退'.repeat(27) }],
  ])('refuses with %s: %j', async (returnMsg, change) => {
    const fields = { out_trade_no: 'T1', total_fee: '1', refund_fee: '1', ...change };
    expect(await ask(fields, fields)).toEqual({ return_code: 'FAIL', return_msg: returnMsg });
  });

  it('gives coupons back in proportion, and nothing is left over', async () => {
    const coupons = [
      { type: 'CASH' as const, feeFen: 7 },
      { type: 'NO_CASH' as const, feeFen: 26 },
    ];
    const order = await paid('100', { coupons });
    const parts: Fields[] = [];
    for (const fee of ['33', '33', '34']) {
      parts.push(await ask(order, { refund_fee: fee }));
      await sim.control.advance(MINUTE);
    }
    const sum = (name: string): number => parts.reduce((total, part) => total + Number(part[name] ?? 0), 0);
    expect([sum('cash_refund_fee'), sum('coupon_refund_fee'), sum('refund_fee')]).toEqual([67, 33, 100]);
    for (const part of parts) {
      const given = [0, 1].map((n) => Number(part[`coupon_refund_fee_${n}`] ?? 0));
      expect(given[0]! + given[1]!).toBe(Number(part['coupon_refund_fee']));
      expect(Number(part['coupon_refund_fee'])).toBeGreaterThanOrEqual(10);
    }
    const found = await query({ out_trade_no: order['out_trade_no']! });
    expect(found).toMatchObject({ refund_count: '3', cash_fee: '67', settlement_total_fee: '74', refund_fee: '100' });
    expect(found).toMatchObject({ coupon_type_0_0: 'CASH', coupon_refund_count_0: '2', coupon_type_2_0: 'NO_CASH' });
  });

  it('lists the refunds of an order in pages of ten', async () => {
    const order = await paid('100', {
      coupons: [
        { type: 'CASH', feeFen: 45 },
        { type: 'NO_CASH', feeFen: 45 },
      ],
    });
    for (let part = 0; part < 12; part += 1) {
      await ask(order, { out_refund_no: `P${part}`, refund_fee: '8' });
      await sim.control.advance(MINUTE);
    }
    const key = { out_trade_no: order['out_trade_no']! };
    expect(await query(key)).toMatchObject({ total_refund_count: '12', refund_count: '10', out_refund_no_9: 'P9' });
    await sim.control.faults({ endpoints: { refundquery: { answer: 'other-order', times: 1 } } });
    expect(await query(key)).toMatchObject({ refund_count: '10' });
    expect(await query({ ...key, offset: '10' })).toMatchObject({ refund_count: '2', out_refund_no_0: 'P10' });
    expect(await query({ ...key, offset: '12' })).toMatchObject({ err_code: 'PARAM_ERROR' });
    expect(await query({ ...key, offset: '-1' })).toEqual({ return_code: 'FAIL', return_msg: 'offset参数格式错误' });
    expect(await query({ out_refund_no: 'NOBODY' })).toMatchObject({ err_code: 'REFUNDNOTEXIST' });
    expect(await query({})).toEqual({ return_code: 'FAIL', return_msg: '缺少参数' });
  });

  it('are remembered after a restart, with the rules', async () => {
    const order = await paid();
    await sim.control.rules({ refundAfterMs: 3_600_000 });
    await ask(order, { out_refund_no: 'R1', refund_fee: '10' });
    await sim.restart();
    expect(await sim.control.refund('R1')).toMatchObject({ status: 'PROCESSING' });
    expect(await sim.control.rules()).toMatchObject({ refundAfterMs: 3_600_000 });
    await sim.control.advance(3_600_000);
    expect(await sim.control.refund('R1')).toMatchObject({ status: 'SUCCESS' });
  });

  it('tell forgeries from nothing: each is unlike the real one, and the real one still comes', async () => {
    for (const forgery of ['sign', 'unsigned', 'appid', 'mch_id', 'fail', 'doctype'] as const) {
      await sim.control.faults({ notify: { forgeRate: 1, forgery } });
      await ask(await paid(), { refund_fee: '10', notify_url: sim.merchant.url('/r') });
      await sim.control.endRefund((await sim.control.ledger('refunded')).at(-1)!.outRefundNo, 'SUCCESS');
      await sim.control.advance(0);
      const [forged, real] = sim.merchant.heard;
      expect(opened(real!.body).outer).toMatchObject({ appid: 'wx8888888888888888', mch_id: '1900000109' });
      const looksReal = (): boolean => {
        const { outer, inner } = opened(forged!.body);
        const isOurs = outer['appid'] === 'wx8888888888888888' && outer['mch_id'] === '1900000109';
        return isOurs && forged!.body.startsWith('<xml>') && inner['refund_fee'] === '10';
      };
      let believed = false;
      try {
        believed = looksReal();
      } catch {
        // cannot be decrypted
      }
      expect([forgery, believed]).toEqual([forgery, false]);
    }
  });
});
