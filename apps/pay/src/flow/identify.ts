// Learns who a buyer inside WeChat is: sends the browser to WeChat, and exchanges the code it comes back with for an
// openid of our appid. The browser never names an openid itself. Next: prepay by JSAPI.
import { Injectable, Logger } from '@nestjs/common';
import { type Identified, Openids } from './ports.ts';

const EXCHANGE_MS = 5_000;

@Injectable()
export class Identify {
  private readonly logger = new Logger('oauth');

  constructor(private readonly openids: Openids) {}

  /** Whether this shop can pay by JSAPI in a page. */
  get isConfigured(): boolean {
    return this.openids.isConfigured;
  }

  /** @param state comes back unchanged; letters and digits, at most 128 */
  authorizeUrl(state: string): string {
    return this.openids.authorizeUrl(state);
  }

  /** A code is good for one exchange, so one whose outcome is unknown is not sent again: the buyer starts anew. */
  async byCode(code: string): Promise<Identified> {
    if (!/^[0-9A-Za-z_-]{1,512}$/.test(code)) return { kind: 'invalid', code: 40_029, text: 'invalid code' };
    const identified = await this.openids.exchange(code, EXCHANGE_MS);
    if (identified.kind === 'refused') {
      this.logger.error(
        { code: identified.code, text: identified.text },
        'WeChat refuses the account: nobody can pay by JSAPI',
      );
    }
    if (identified.kind === 'invalid') {
      this.logger.warn({ code: identified.code, text: identified.text }, 'WeChat did not accept an OAuth code');
    }
    if (identified.kind === 'unknown') this.logger.warn({ reason: identified.reason }, 'OAuth: no clear answer');
    return identified;
  }
}
