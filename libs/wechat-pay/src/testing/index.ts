import { signFields, type SignType, writeXml } from '../protocol/index.ts';

/**
 * Signs a message as WeChat Pay does and writes it as XML, so that tests run against the real verifier. Undefined
 * fields are left out, numbers are written bare; a `sign` among the fields is replaced.
 * @param apiKey a key made for tests; never one that moves money.
 */
export function signNotice(
  fields: Readonly<Record<string, string | number | undefined>>,
  apiKey: string,
  signType: SignType,
): string {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) text[name] = String(value);
  return writeXml({ ...fields, sign: signFields(text, apiKey, signType) });
}
