import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KEYS } from '../../test-support/server.ts';
import { vector } from '../../test-support/vectors.ts';
import { openRefundNotice } from '../index.ts';
import { encryptReqInfo, readXml, writeXml } from '../protocol/index.ts';
import { encryptEcb, reqInfoKey } from '../protocol/req-info.ts';
import { encryptRefundNotice } from '../testing/index.ts';

const open = (body: string | Buffer) => openRefundNotice(Buffer.from(body as string), { keys: KEYS });
const refusal = {
  kind: 'refused',
  reason: 'refund-notice',
  message: 'not a refund notification for this merchant',
};
const { xml, plaintext } = vector('v2-reqinfo-02').input;
const outer = { ...readXml(Buffer.from(xml)) };
const withReqInfo = (reqInfo: string) => open(writeXml({ ...outer, req_info: reqInfo }));
const withContent = (content: string) => withReqInfo(encryptReqInfo(content, KEYS.apiKey));

describe('a refund notification', () => {
  it('is opened as in v2-reqinfo-02', () => {
    expect(open(xml)).toEqual({
      kind: 'refund',
      notice: {
        appid: KEYS.appid,
        mchId: KEYS.mchId,
        transactionId: '4200000215201811190261405420',
        outTradeNo: '71106718111915575302817',
        refundId: '50000408942018111907145868882',
        outRefundNo: '131811191610442717309',
        totalFee: 3960,
        refundFee: 3960,
        settlementTotalFee: 3960,
        settlementRefundFee: 3960,
        cashRefundFee: undefined,
        refundStatus: 'SUCCESS',
        successTime: new Date('2018-11-19T08:24:13.000Z'),
        refundRecvAccount: '支付用户零钱',
        refundAccount: 'REFUND_SOURCE_RECHARGE_FUNDS',
        refundRequestSource: 'API',
      },
    });
  });

  it.each(['SUCCESS', 'CHANGE', 'REFUNDCLOSE'])('tells %s, with or without a time', (status) => {
    const notice = encryptRefundNotice(KEYS, { refund_status: status, success_time: undefined, cash_refund_fee: 0 });
    expect(open(notice)).toMatchObject({
      kind: 'refund',
      notice: { refundStatus: status, successTime: undefined, cashRefundFee: 0, refundFee: 1 },
    });
  });

  it('tells a status of the future as UNKNOWN, and takes new fields', () => {
    const notice = encryptRefundNotice(KEYS, { refund_status: 'HALFWAY', future_field: '新' });
    expect(open(notice)).toMatchObject({ notice: { refundStatus: 'UNKNOWN' } });
  });
});

it('is opened with right padding only', () => {
  expect(withReqInfo(padded(4))).toMatchObject({ kind: 'refund' });
  expect(withReqInfo(padded(4, 0x20))).toEqual(refusal);
});

describe('refused (J7), always in the same words, is', () => {
  it.each<[string, () => unknown]>([
    ['an empty body', () => open('')],
    ['what is not XML', () => open('{"req_info":"x"}')],
    ['a hostile document', () => open(`<!DOCTYPE xml>${xml}`)],
    ['a failure', () => open(writeXml({ ...outer, return_code: 'FAIL' }))],
    ['another appid', () => open(encryptRefundNotice({ ...KEYS, appid: 'wx0000000000000000' }))],
    ['another merchant', () => open(encryptRefundNotice({ ...KEYS, mchId: '1900000110' }))],
    ['another key', () => open(encryptRefundNotice({ ...KEYS, apiKey: 'TESTONLYv3key0123456789abcdefABC' }))],
    ['no content', () => open(writeXml({ ...outer, req_info: undefined }))],
    ['empty content', () => withReqInfo('')],
    ['what is not Base64', () => withReqInfo('§§§§')],
    ['Base64 for URLs', () => withReqInfo((outer['req_info'] ?? '').replaceAll('+', '-'))],
    ['Base64 with a line feed', () => withReqInfo(`${outer['req_info'] ?? ''}\n`)],
    ['a length of no whole blocks', () => withReqInfo(Buffer.alloc(24).toString('base64'))],
    ['truncated content', () => withReqInfo((outer['req_info'] ?? '').slice(0, 1024 - 64))],
    ['blocks in another order', () => withReqInfo(swapped(outer['req_info'] ?? ''))],
    ['padding of other bytes than its length', () => withReqInfo(padded(4, 0x20))],
    ['padding longer than a block', () => withReqInfo(padded(20))],
    ['the key decoded from hexadecimal', () => withReqInfo(encryptEcbWithDecodedKey())],
    ['content that is not XML', () => withContent('hello')],
    ['content of another root', () => withContent(plaintext.replaceAll('root>', 'xml>'))],
    ['hostile content', () => withContent(`<!DOCTYPE root SYSTEM "file:///etc/passwd">${plaintext}`)],
    ['nested content', () => withContent(plaintext.replace('<refund_id>', '<refund_id><a/>'))],
    ['a field twice', () => withContent(plaintext.replace('</root>', '<total_fee>1</total_fee></root>'))],
    ['a payment notification', () => open(vector('v2-xml-01').input.xml)],
  ])('%s', (_what, opened) => {
    expect(opened()).toEqual(refusal);
  });

  it.each<[string, (string | number | undefined)[]]>([
    ['transaction_id', ['', undefined, '4.2e27', '1'.repeat(33)]],
    ['out_trade_no', ['', undefined, 'a b', 'x'.repeat(33)]],
    ['refund_id', ['', undefined, 'a b']],
    ['out_refund_no', ['', undefined, 'a/b', 'x'.repeat(65)]],
    ['total_fee', ['', undefined, 0, '-1', '1.0', '01']],
    ['refund_fee', ['', undefined, 0, 2, '1e0']],
    ['settlement_refund_fee', ['', undefined, '-1']],
    ['settlement_total_fee', ['1.0']],
    ['cash_refund_fee', ['x']],
    ['refund_status', ['', undefined, 'S'.repeat(17)]],
    ['success_time', ['2018-02-30 16:24:13', '20181119162413']],
    ['refund_recv_accout', ['', undefined, '零'.repeat(65)]],
    ['refund_account', ['', undefined]],
    ['refund_request_source', ['', undefined]],
    ['fee_type', ['USD']],
  ])('a %s that is missing or malformed', (field, values) => {
    for (const value of values) expect(open(encryptRefundNotice(KEYS, { [field]: value }))).toEqual(refusal);
  });

  it('every notification in which one byte of the encrypted content was changed', () => {
    const encrypted = Buffer.from(outer['req_info'] ?? '', 'base64');
    for (let index = 0; index < encrypted.length; index++) {
      const changed = Buffer.from(encrypted);
      changed[index] = changed[index]! ^ 1;
      expect(withReqInfo(changed.toString('base64'))).toEqual(refusal);
    }
  });

  it('every notification in which one character of the text was changed', () => {
    const text = outer['req_info'] ?? '';
    for (let index = 0; index < text.length; index++) {
      const other = text[index] === 'A' ? 'B' : 'A';
      expect(withReqInfo(text.slice(0, index) + other + text.slice(index + 1))).toEqual(refusal);
    }
  });
});

it.each([16, 32])('bits of the text that no byte has must be zero: %s bytes more', (more) => {
  const text = encryptReqInfo(plaintext.replace('</root>', `${' '.repeat(more)}</root>`), KEYS.apiKey);
  const at = text.indexOf('=') - 1;
  expect(withReqInfo(text)).toMatchObject({ kind: 'refund' });
  const next = String.fromCharCode(text.charCodeAt(at) + 1);
  const same = text.slice(0, at) + next + text.slice(at + 1);
  expect(Buffer.from(same, 'base64')).toEqual(Buffer.from(text, 'base64'));
  expect(withReqInfo(same)).toEqual(refusal);
});

/** The message with two of its blocks exchanged, which the encryption does not notice. */
function swapped(text: string): string {
  const blocks = Buffer.from(text, 'base64');
  const [first, fourth] = [Buffer.from(blocks.subarray(0, 16)), Buffer.from(blocks.subarray(48, 64))];
  fourth.copy(blocks, 0);
  first.copy(blocks, 48);
  return blocks.toString('base64');
}

/** The content with so many bytes of padding that end in their number, the others being `filler`. */
function padded(length: number, filler = length): string {
  const bytes = Buffer.concat([Buffer.from(plaintext), Buffer.alloc(length - 1, filler), Buffer.of(length)]);
  const cipher = createCipheriv('aes-256-ecb', reqInfoKey(KEYS.apiKey), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64');
}

function encryptEcbWithDecodedKey(): string {
  const half = Buffer.from(reqInfoKey(KEYS.apiKey).toString('latin1'), 'hex');
  return encryptEcb(plaintext, Buffer.concat([half, half]));
}
