import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Identified, Openids } from '../../flow/ports.ts';

export interface OauthAccount {
  appid: string;
  /** Secret of the official account; it goes into the query of one call, so addresses are never logged. */
  secret: string;
  /** WeChat's page, for example `https://open.weixin.qq.com/connect/oauth2/authorize`. */
  authorizeUrl: string;
  /** WeChat's server, for example `https://api.weixin.qq.com`. */
  apiBaseUrl: string;
  /** Ours, where the browser comes back to; its host is registered with the account. */
  callbackUrl: string;
}

const MAX_BYTES = 16 * 1024;
/** The code has been exchanged. */
const CODE_USED = 40_163;
/** It is not one, or is too old (developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html). */
const CODE_INVALID: readonly number[] = [40_029, 41_008, 42_003];
/** WeChat is busy: nothing was said about the code. */
const BUSY = -1;
/** Too many calls of this account in this minute. */
const TOO_MANY = 45_011;
const MINUTE_MS = 60_000;

const answer = z.union([
  z.object({ openid: z.string().regex(/^[0-9A-Za-z_-]{1,128}$/) }),
  z.object({ errcode: z.number().int(), errmsg: z.string().default('') }),
]);

/**
 * Web authorization of an official account, scope `snsapi_base`: the openid alone, without a question to the buyer.
 * Source: developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html.
 */
@Injectable()
export class OauthWechat extends Openids {
  constructor(private readonly account: OauthAccount | undefined) {
    super();
  }

  override get isConfigured(): boolean {
    return this.account !== undefined;
  }

  /** WeChat is strict about the order of these, and about the fragment. */
  override authorizeUrl(state: string): string {
    const { authorizeUrl, appid, callbackUrl } = this.configured();
    const query = new URLSearchParams([
      ['appid', appid],
      ['redirect_uri', callbackUrl],
      ['response_type', 'code'],
      ['scope', 'snsapi_base'],
      ['state', state],
    ]);
    return `${authorizeUrl}?${query.toString()}#wechat_redirect`;
  }

  override async exchange(code: string, deadlineMs: number): Promise<Identified> {
    const { apiBaseUrl, appid, secret } = this.configured();
    const query = new URLSearchParams({ appid, secret, code, grant_type: 'authorization_code' });
    const body = await this.read(`${apiBaseUrl}/sns/oauth2/access_token?${query.toString()}`, deadlineMs);
    if (typeof body !== 'string') return body;
    const read = answer.safeParse(jsonOf(body));
    if (!read.success) return { kind: 'unknown', reason: 'an answer that is not understood' };
    if ('openid' in read.data) return { kind: 'openid', openid: read.data.openid };
    const { errcode, errmsg } = read.data;
    if (errcode === CODE_USED) return { kind: 'used' };
    if (errcode === BUSY) return { kind: 'unknown', reason: 'WeChat is busy' };
    if (errcode === TOO_MANY) return { kind: 'unknown', reason: 'too many calls', retryAfterMs: MINUTE_MS };
    const kind = CODE_INVALID.includes(errcode) ? 'invalid' : 'refused';
    return { kind, code: errcode, text: errmsg.slice(0, 256) };
  }

  private configured(): OauthAccount {
    if (this.account === undefined) throw new Error('WECHAT_OAUTH_SECRET is not set');
    return this.account;
  }

  /** A body of at most 16 KiB within the deadline. What goes wrong is named without the address, which has the secret. */
  private async read(url: string, deadlineMs: number): Promise<string | { kind: 'unknown'; reason: string }> {
    try {
      const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(deadlineMs) });
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > MAX_BYTES) return { kind: 'unknown', reason: 'an answer that is too long' };
        chunks.push(chunk);
      }
      if (!response.ok) return { kind: 'unknown', reason: `HTTP ${response.status}` };
      return Buffer.concat(chunks).toString();
    } catch (error) {
      const { name } = error as { name?: unknown };
      return { kind: 'unknown', reason: name === 'TimeoutError' ? 'no answer in time' : 'no connection' };
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
