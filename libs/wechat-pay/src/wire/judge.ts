import { type CallResult, type Refused, type Unknown, unknown } from './call-result.ts';
import { type Fields, readXml, type SignType, verifyFields, XmlRefused } from '../protocol/index.ts';

/** The merchant whose answers and notifications are accepted. */
export interface MerchantKeys {
  readonly appid: string;
  readonly mchId: string;
  readonly apiKey: string;
}

/** What can be trusted of an answer: all its fields, but only when everything before them was right. */
export type Judgement = CallResult<Fields>;

// Trouble inside WeChat Pay or too many calls: what was asked may have been done or not, and the same call may be
// repeated unchanged.
const TRANSIENT_CODES = new Set([
  'SYSTEMERROR',
  'SYSTEM_ERROR',
  'BIZERR_NEED_RETRY',
  'FREQUENCY_LIMITED',
  'FREQUENCY_LIMIT',
  'INVALID_REQ_TOO_MUCH',
  'BILL_CREATING',
]);
const TRANSIENT_TEXT =
  /系统错误|系统繁忙|系统异常|system\s?error|system\s?busy|频率限制|频率超限|frequency[_ ]limit|bill creating|compressgzip error/i;

// The gateway refuses with a mere text what its documentation lists with a code; callers get the code either way.
const CODE_BY_TEXT: readonly (readonly [RegExp, string])[] = [
  [/签名错误|sign\s?error/i, 'SIGNERROR'],
  [/缺少参数|missing parameter/i, 'LACK_PARAMS'],
  [/XML格式错误/i, 'XML_FORMAT_ERROR'],
  [/mch_id与appid不匹配/, 'APPID_MCHID_NOT_MATCH'],
  [/mch_id或sub_mch_id不存在/, 'MCHID_NOT_EXIST'],
  [/appid不存在/, 'APPID_NOT_EXIST'],
  [/产品权限未开通/, 'NOAUTH'],
  [/No Bill Exist/i, 'NO_BILL_EXIST'],
  [/参数长度有误|参数格式错误|invalid total_fee|time_expire|invalid bill_type|data format error/, 'PARAM_ERROR'],
];

/**
 * Judges an answer in the order that the protocol demands: readable → `return_code` → sign over all fields → appid and
 * mch_id → `result_code` → only then its content. Until the sign is verified nothing of the answer counts but a
 * refusal, and a refusal without a sign never says anything about the state of an order.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_3 and chapters 9_1 to 9_3.
 * @param allowed algorithms the sign may have.
 * @param maxFields most fields the answer may have, where the usual limit is too low.
 */
export function judge(
  body: Uint8Array,
  keys: MerchantKeys,
  allowed: readonly SignType[],
  maxFields?: number,
): Judgement {
  const fields = read(body, maxFields);
  if (fields === undefined) return unknown('unreadable answer');
  const { return_code: returnCode, return_msg: returnMsg = '' } = fields;
  if (returnCode === 'FAIL') return refusedByText(returnMsg);
  if (returnCode !== 'SUCCESS') return unknown('answer without return_code');
  if (fields['sign'] === undefined || fields['sign'] === '') return unknown('answer without sign');
  if (verifyFields(fields, keys.apiKey, allowed) === undefined) return unknown('wrong sign');
  if (fields['appid'] !== keys.appid) return unknown('answer for another appid');
  if (fields['mch_id'] !== keys.mchId) return unknown('answer for another mch_id');
  if (fields['result_code'] === 'SUCCESS') return { kind: 'ok', value: fields };
  if (fields['result_code'] !== 'FAIL') return unknown('answer without result_code');
  return refusedByCode(fields['err_code'] ?? '', fields['err_code_des'] ?? '');
}

function read(body: Uint8Array, maxFields: number | undefined): Fields | undefined {
  try {
    return readXml(body, 'xml', maxFields);
  } catch (error) {
    if (error instanceof XmlRefused) return undefined;
    throw error;
  }
}

function refusedByCode(code: string, text: string): Refused | Unknown {
  if (code === '') return refusedByText(text);
  if (TRANSIENT_CODES.has(code)) return unknown(code);
  // Some gateways put the text into err_code.
  if (TRANSIENT_TEXT.test(code)) return unknown('SYSTEMERROR');
  return refused(code, text);
}

function refusedByText(text: string): Refused | Unknown {
  if (TRANSIENT_TEXT.test(text)) {
    if (/bill creating/i.test(text)) return unknown('BILL_CREATING');
    return unknown(/频率|frequency/i.test(text) ? 'FREQUENCY_LIMITED' : 'SYSTEMERROR');
  }
  const code = CODE_BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'FAIL';
  return refused(code, text);
}

/** Both come from outside and end in logs and records: cut to what the protocol's tables allow, with room to spare. */
function refused(code: string, text: string): Refused {
  return { kind: 'refused', code: code.slice(0, 64), text: text.slice(0, 256) };
}
