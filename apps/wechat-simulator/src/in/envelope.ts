/** What all endpoints have in common: reading a signed request, writing a signed answer. */
import {
  type Fields,
  isSendable,
  nonceStr,
  readXml,
  signFields,
  type SignType,
  verifyFields,
  XmlRefused,
} from '#wechat-pay/protocol';
import { writeAnswer } from './answer-xml.ts';
import type { Merchant } from '../flow/ports.ts';
import { refusals, tooLong, wrongForm } from './texts.ts';

/** Nothing was done; `because` is for our log, `returnMsg` for the merchant. */
export interface Refusal {
  kind: 'refused';
  returnMsg: string;
  because: string;
  /** Bills only. */
  errorCode?: string | undefined;
}

export const refuse = (returnMsg: string, because = ''): Refusal => ({ kind: 'refused', returnMsg, because });

export type OpenedRequest = { kind: 'opened'; fields: Fields; signType: SignType } | Refusal;

/**
 * Reads a request and checks who sent it: the known merchant, signed over all fields with the algorithm he names.
 * @param encoded name of a field that may come URL-encoded but is signed as it was before
 */
export function openRequest(raw: Buffer, merchant: Merchant, encoded?: string): OpenedRequest {
  if (raw.length === 0) return refuse(refusals.empty);
  let fields: Fields;
  try {
    fields = readXml(raw);
  } catch (error) {
    if (!(error instanceof XmlRefused)) throw error;
    return refuse(error.reason === 'encoding' ? refusals.notUtf8 : refusals.notXml, error.message);
  }
  for (const [name, value] of Object.entries(fields)) {
    if (!isSendable(value)) return refuse(refusals.notUtf8, `${name} has a character the protocol does not carry`);
  }
  const { appid, mch_id: mchId, nonce_str: nonce, sign, sign_type: named } = fields;
  if (!sign) return refuse(refusals.sign, 'there is no sign');
  if (!appid || !mchId || !nonce) return refuse(refusals.missing, 'appid, mch_id or nonce_str');
  if (mchId !== merchant.mchId) return refuse(refusals.unknownMerchant);
  if (!merchant.has(appid)) return refuse(refusals.foreignAppid);
  // An empty element stands for an absent one.
  const signType = named === undefined || named === '' ? 'MD5' : named;
  if (signType !== 'MD5' && signType !== 'HMAC-SHA256') return refuse(wrongForm('sign_type'));
  if (!verifyFields(fields, merchant.apiKey, [signType])) {
    const decoded = encoded === undefined ? undefined : withDecoded(fields, encoded);
    if (!decoded || !verifyFields(decoded, merchant.apiKey, [signType])) {
      return refuse(refusals.sign, `not signed with ${signType}`);
    }
    fields = decoded;
  }
  if (Buffer.byteLength(nonce) > 32) return refuse(tooLong('nonce_str'));
  return { kind: 'opened', fields, signType };
}

function withDecoded(fields: Fields, name: string): Fields | undefined {
  try {
    return { ...fields, [name]: decodeURIComponent(fields[name] ?? '') };
  } catch {
    return undefined;
  }
}

/** `return_code=FAIL`, which WeChat does not sign. */
export const refusalXml = (returnMsg: string, errorCode?: string): string =>
  writeAnswer({ return_code: 'FAIL', return_msg: returnMsg, error_code: errorCode });

export type Values = Record<string, string | number | undefined>;

/** A file instead of XML, not signed. */
export interface BillFile {
  kind: 'file';
  content: Buffer;
}
export type Answer = string | Refusal | BillFile;
export type Opened = Extract<OpenedRequest, { kind: 'opened' }> & {
  /** Under which address the merchant reached the gateway. */
  gatewayUrl: string;
};

/** Writes the answers to one request, to its appid and signed as it was. */
export class Answers {
  constructor(
    private readonly merchant: Merchant,
    private readonly appid: string,
    private readonly signType: SignType,
    /** Further fields of every answer. */
    private readonly more: Values = {},
  ) {}

  /** @param last fields that WeChat writes after the sign; they are signed like all others */
  success(business: Values, last: Values = {}): string {
    return this.#signed('SUCCESS', business, last);
  }

  failure(error: { code: string; text: string }): string {
    return this.#signed('FAIL', { err_code: error.code, err_code_des: error.text }, {});
  }

  #signed(resultCode: string, business: Values, last: Values): string {
    const { mchId, apiKey } = this.merchant;
    const fields: Values = {
      return_code: 'SUCCESS',
      return_msg: 'OK',
      result_code: resultCode,
      mch_id: mchId,
      appid: this.appid,
      ...business,
      ...this.more,
      nonce_str: nonceStr().slice(0, 16),
      sign: '',
      ...last,
    };
    const texts: Fields = {};
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) texts[name] = String(value);
    fields['sign'] = signFields(texts, apiKey, this.signType);
    return writeAnswer(fields);
  }
}
