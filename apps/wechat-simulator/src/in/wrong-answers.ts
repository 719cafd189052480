/** What comes instead of the right answer when a test asked for it. */
import { signFields } from '#wechat-pay/protocol';
import type { OauthFault, WrongAnswer } from '../domain/faults.ts';
import { readAnswer, writeAnswer } from './answer-xml.ts';
import type { Merchant } from '../flow/ports.ts';

export const BAD_GATEWAY_PAGE = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';
const HUGE_CHARACTERS = 2 * 1024 * 1024;

/** @param right the right answer; a bill is only ever replaced or cut */
export function spoil(right: string | Buffer, how: WrongAnswer, merchant: Merchant): string | Buffer {
  switch (how) {
    case 'html':
      return BAD_GATEWAY_PAGE;
    case 'empty':
      return '';
    case 'half-xml':
      return right.slice(0, right.length >> 1);
    case 'huge':
      return `<xml><return_code>SUCCESS</return_code><padding>${'x'.repeat(HUGE_CHARACTERS)}</padding></xml>`;
    case 'wrong-sign':
      return changed(right, (fields) => ({ ...fields, sign: otherSign(fields['sign'] ?? '') }));
    case 'no-sign':
      return changed(right, (fields) => ({ ...fields, sign: undefined }));
    case 'other-order':
      return changed(right, (fields) => signedAgain(ofOtherOrder(fields), merchant));
    case 'other-appid':
      return changed(right, (fields) => signedAgain({ ...fields, appid: 'wx0000000000000000' }, merchant));
  }
}

/** The same for the exchange of an OAuth code. @param right JSON */
export function spoilIdentity(right: string, how: NonNullable<OauthFault['answer']>): string {
  switch (how) {
    case 'html':
      return BAD_GATEWAY_PAGE;
    case 'empty':
      return '';
    case 'half-json':
      return right.slice(0, right.length >> 1);
    case 'huge':
      return JSON.stringify({ padding: 'x'.repeat(HUGE_CHARACTERS) });
    case 'no-openid':
      return '{"access_token":"ACCESS_TOKEN","expires_in":7200}';
  }
}

type Fields = Record<string, string>;

function changed(
  right: string | Buffer,
  change: (fields: Fields) => Record<string, string | undefined>,
): string | Buffer {
  return typeof right === 'string' ? writeAnswer(change(readAnswer(right))) : right;
}

/** The answer somebody else's request got: every number in it is another one. */
const ofOtherOrder = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      /^(out_trade_no|transaction_id|out_refund_no|refund_id|prepay_id|code_url|mweb_url)(_\d+)?$/.test(name)
        ? [name, otherEnd(value)]
        : [name, value],
    ),
  );

const otherEnd = (text: string): string => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
const otherSign = (sign: string): string => (sign.startsWith('0') ? '1' : '0') + sign.slice(1);

function signedAgain(fields: Fields, { apiKey }: Merchant): Fields {
  const signType = (fields['sign'] ?? '').length === 64 ? 'HMAC-SHA256' : 'MD5';
  return { ...fields, sign: signFields(fields, apiKey, signType) };
}
