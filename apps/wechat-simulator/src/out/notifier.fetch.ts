/** Posts notifications as WeChat Pay does, and judges the reply (protocol: native.php?chapter=9_7). */
import { MAX_XML_BYTES, readXml, XmlRefused } from '#wechat-pay/protocol';
import { setTimeout as wait } from 'node:timers/promises';
import { Notifier, type Merchant, type NoticeMessage, type NoticeReply } from '../flow/ports.ts';
import { noticeXml } from './notice-xml.ts';
import { mayNotify } from './notify-allow-list.ts';

/** WeChat Pay waits so long for the whole reply. */
const REPLY_WITHIN_MS = 5_000;
/** So many at the same time; the others wait for their turn. */
const AT_ONCE = 256;
/** So much of a reply is kept. */
const KEPT_CHARACTERS = 200;

export class FetchNotifier extends Notifier {
  readonly #apiKey: string;
  readonly #allowed: readonly string[];
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param allowed address prefixes (see {@link mayNotify}) */
  constructor(merchant: Merchant, allowed: readonly string[]) {
    super();
    this.#apiKey = merchant.apiKey;
    this.#allowed = allowed;
  }

  async deliver(message: NoticeMessage): Promise<NoticeReply> {
    const { url, form } = message;
    if (!mayNotify(url, this.#allowed)) return { status: null, replied: 'address not allowed', accepted: false };
    await this.#turn();
    const since = performance.now();
    const tookMs = (): number => Math.round(performance.now() - since - form.slowMs);
    try {
      const reply = await post(url, noticeXml(message, this.#apiKey), form.slowMs);
      return { ...reply, tookMs: tookMs() };
    } catch (error) {
      return { status: null, replied: whyNoReply(error), accepted: false, tookMs: tookMs() };
    } finally {
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#underWay >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay += 1;
  }
}

async function post(url: string, body: string, slowMs: number): Promise<NoticeReply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/xml', 'user-agent': 'Mozilla/4.0' },
    ...(slowMs > 0 ? { body: inHalves(body, slowMs), duplex: 'half' } : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(slowMs + REPLY_WITHIN_MS),
  });
  const reply = await readUpTo(response, MAX_XML_BYTES);
  if (!reply) return { status: response.status, replied: 'more than 64 KiB', accepted: false };
  const accepted = response.status === 200 && isSuccess(reply);
  return { status: response.status, replied: reply.toString('utf8').slice(0, KEPT_CHARACTERS), accepted };
}

async function* inHalves(text: string, apartMs: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const half = bytes.length >> 1;
  yield bytes.subarray(0, half);
  await wait(apartMs, undefined, { ref: false });
  yield bytes.subarray(half);
}

const FROM_THE_FIRST_BYTE = /^(<\?xml [^<>]*\?>\s*)?<xml>/;

/**
 * Only XML from the first byte on, and in it `return_code` SUCCESS. Whatever else is said counts as a failure. An XML
 * declaration is XML: well-known SDKs write one and get along with WeChat Pay.
 */
function isSuccess(reply: Buffer): boolean {
  if (!FROM_THE_FIRST_BYTE.test(reply.subarray(0, 200).toString('latin1'))) return false;
  try {
    return readXml(reply)['return_code'] === 'SUCCESS';
  } catch (error) {
    if (error instanceof XmlRefused) return false;
    throw error;
  }
}

export async function readUpTo(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body) {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) return undefined; // leaving the loop cancels the stream
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}

export const whyNoReply = (error: unknown): string => {
  if (!(error instanceof Error)) return 'no reply';
  if (error.name === 'TimeoutError') return 'no reply within 5 s';
  const code = error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException).code : undefined;
  return code === undefined ? 'no reply' : `no reply (${code})`;
};
