import { describe, expect, it } from '@jest/globals';
import { judge } from './judge.ts';
import { type SignType } from '../protocol/index.ts';
import { signNotice } from '../testing/index.ts';

const KEY = 'TESTONLYv2key0123456789abcdefABC';
const keys = { appid: 'wx8888888888888888', mchId: '1900000109', apiKey: KEY };
const ANSWER = {
  return_code: 'SUCCESS',
  return_msg: 'OK',
  result_code: 'SUCCESS',
  appid: keys.appid,
  mch_id: keys.mchId,
  nonce_str: 'qARBBjo3mP5Deq22',
  code_url: 'weixin://wxpay/bizpayurl?pr=eg3n2ttzz',
};

type Changes = Record<string, string | undefined>;
const answer = (changes: Changes = {}, key = KEY, signType: SignType = 'HMAC-SHA256') =>
  Buffer.from(signNotice({ ...ANSWER, ...changes }, key, signType));
const judged = (body: Buffer, allowed: SignType[] = ['HMAC-SHA256']) => judge(body, keys, allowed);
const failed = (returnMsg: string) =>
  judged(
    Buffer.from(
      `<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[${returnMsg}]]></return_msg></xml>`,
    ),
  );

describe('an answer is unknown, and may be asked again, when', () => {
  it.each<[string, Buffer, string]>([
    ['it is empty', Buffer.from(''), 'unreadable answer'],
    ['it is HTML', Buffer.from('<html>502</html>'), 'unreadable answer'],
    ['it is truncated', answer().subarray(0, -9), 'unreadable answer'],
    ['it is hostile', Buffer.from('<!DOCTYPE xml><xml/>'), 'unreadable answer'],
    ['it has no return_code', answer({ return_code: undefined }), 'answer without return_code'],
    ['its return_code is unheard of', answer({ return_code: 'success' }), 'answer without return_code'],
    ['it is not signed', Buffer.from('<xml><return_code>SUCCESS</return_code></xml>'), 'answer without sign'],
    ['it is signed with another key', answer({}, 'TESTONLYv3key0123456789abcdefABC'), 'wrong sign'],
    ['it is signed with an algorithm that is not allowed', answer({}, KEY, 'MD5'), 'wrong sign'],
    ['it is for another appid', answer({ appid: 'wx0000000000000000' }), 'answer for another appid'],
    ['it is for another mch_id', answer({ mch_id: '1900000110' }), 'answer for another mch_id'],
    ['it has no result_code', answer({ result_code: undefined }), 'answer without result_code'],
  ])('%s', (_what, body, reason) => {
    expect(judged(body)).toEqual({ kind: 'unknown', reason, retryable: true });
  });

  it.each(['系统错误', '系统繁忙，请稍后再试', 'System Error', 'SYSTEMERROR', '频率限制', '频率限制，请稍后'])(
    'the gateway is in trouble: return_msg %s',
    (text) => {
      expect(failed(text)).toMatchObject({ kind: 'unknown', retryable: true });
    },
  );

  it.each(['SYSTEMERROR', 'BIZERR_NEED_RETRY', 'FREQUENCY_LIMITED', 'INVALID_REQ_TOO_MUCH', '系统错误'])(
    'WeChat Pay could not say: err_code %s',
    (code) => {
      expect(judged(answer({ result_code: 'FAIL', err_code: code }))).toMatchObject({
        kind: 'unknown',
        retryable: true,
      });
    },
  );
});

describe('an answer is a refusal', () => {
  it.each([
    ['签名错误，请检查后再试', 'SIGNERROR'],
    ['缺少参数', 'LACK_PARAMS'],
    ['missing parameter', 'LACK_PARAMS'],
    ['XML格式错误', 'XML_FORMAT_ERROR'],
    ['body参数长度有误', 'PARAM_ERROR'],
    ['trade_type参数格式错误', 'PARAM_ERROR'],
    ['invalid total_fee', 'PARAM_ERROR'],
    ['time_expire时间过短，刷卡至少1分钟，其他5分钟', 'PARAM_ERROR'],
    ['商户号mch_id与appid不匹配', 'APPID_MCHID_NOT_MATCH'],
    ['商户号mch_id或sub_mch_id不存在', 'MCHID_NOT_EXIST'],
    ['商户号该产品权限未开通，请前往商户平台>产品中心检查后重试', 'NOAUTH'],
    ['受理机构必须传入sub_mch_id', 'FAIL'],
    ['', 'FAIL'],
  ])('by its text alone, with the matching code: %s', (text, code) => {
    expect(failed(text)).toEqual({ kind: 'refused', code, text });
  });

  it.each(['ORDERPAID', 'ORDERCLOSED', 'ORDERNOTEXIST', 'INVALID_REQUEST', 'SIGNERROR', 'A_CODE_OF_2030'])(
    'by its signed err_code %s',
    (code) => {
      expect(judged(answer({ result_code: 'FAIL', err_code: code, err_code_des: '说明' }))).toEqual({
        kind: 'refused',
        code,
        text: '说明',
      });
    },
  );

  it('that never tells the state of an order without a sign', () => {
    const claim =
      '<xml><return_code>FAIL</return_code><result_code>FAIL</result_code><err_code>ORDERCLOSED</err_code></xml>';
    expect(judged(Buffer.from(claim))).toEqual({ kind: 'refused', code: 'FAIL', text: '' });
  });

  it('of bounded length', () => {
    const long = judged(answer({ result_code: 'FAIL', err_code: 'X'.repeat(500), err_code_des: 'y'.repeat(5000) }));
    expect(long).toEqual({ kind: 'refused', code: 'X'.repeat(64), text: 'y'.repeat(256) });
  });
});

it('content counts only after all of this', () => {
  expect(judged(answer())).toMatchObject({ kind: 'ok', value: { code_url: 'weixin://wxpay/bizpayurl?pr=eg3n2ttzz' } });
  const refused = judged(
    answer({ result_code: 'FAIL', err_code: 'NOAUTH', mweb_url: 'https://x/?prepay_id=&package=' }),
  );
  expect(refused).toEqual({ kind: 'refused', code: 'NOAUTH', text: '' });
});
