// Gives a long code a short one that the phone understands as well, also after a restart.
// Next: pay.ts or scan-product.ts when somebody scans it.
import { Injectable } from '@nestjs/common';
import { newShortUrl } from '../domain/identifiers.ts';
import { Entropy } from './ports.ts';
import { Recorder } from './record.ts';

@Injectable()
export class ShortenUrl {
  constructor(
    private readonly recorder: Recorder,
    private readonly entropy: Entropy,
  ) {}

  async shorten(longUrl: string): Promise<string> {
    const shortUrl = newShortUrl((count, alphabet) => this.entropy.text(count, alphabet));
    await this.recorder.record({ kind: 'shortened', longUrl, shortUrl });
    return shortUrl;
  }
}
