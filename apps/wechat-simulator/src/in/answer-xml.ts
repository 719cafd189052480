/**
 * Answers as XML. WeChat Pay writes ten refunds with their coupons into one answer, which is more fields than the
 * protocol's own writer allows in a request.
 */
import { isSendable } from '#wechat-pay/protocol';

const CDATA_END = /\]\]>/g;
const SPLIT_CDATA_END = ']]]]><![CDATA[>';
const ELEMENT = /<(\w+)>(?:<!\[CDATA\[([^]*?)\]\]>|([^<]*))<\/\1>/g;

/** Text in CDATA, numbers bare, undefined not at all; in the order given. */
export function writeAnswer(values: Record<string, string | number | undefined>): string {
  const elements = Object.entries(values).map(([name, value]) => {
    if (value === undefined) return '';
    if (typeof value === 'number') return `<${name}>${value}</${name}>`;
    if (!isSendable(value)) throw new Error(`${name} has a character that an answer cannot carry`);
    return `<${name}><![CDATA[${value.replace(CDATA_END, SPLIT_CDATA_END)}]]></${name}>`;
  });
  return `<xml>${elements.join('')}</xml>`;
}

/** What {@link writeAnswer} wrote, and nothing else. */
export const readAnswer = (xml: string): Record<string, string> =>
  Object.fromEntries(
    [...xml.slice('<xml>'.length).matchAll(ELEMENT)].map(([, name = '', text, number]) => [
      name,
      text?.replaceAll(SPLIT_CDATA_END, ']]>') ?? number ?? '',
    ]),
  );
