/** The permanent code of a product, mode 1 (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4). */

const FORM = /^weixin:\/\/wxpay\/bizpayurl\?/;
const NAMES = ['appid', 'mch_id', 'nonce_str', 'product_id', 'sign', 'time_stamp'];

/** Whether this is a product code rather than the code of an order. */
export const isProductCode = (code: string): boolean => FORM.test(code) && code.includes('product_id=');

/** The fields of a product code, still unverified; undefined when it does not have exactly the right ones. */
export function readProductCode(code: string): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const pair of code.replace(FORM, '').split('&')) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (name in fields) return undefined;
    try {
      fields[name] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  const hasAll = NAMES.every((name) => fields[name]) && Object.keys(fields).length === NAMES.length;
  return hasAll && /^\d{10}$/.test(fields['time_stamp'] ?? '') ? fields : undefined;
}
