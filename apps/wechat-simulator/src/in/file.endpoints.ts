/** downloadbill and shorturl (protocol: native.php?chapter=9_6, 9_9). */
import { Injectable } from '@nestjs/common';
import { gzipSync } from 'node:zlib';
import { billTypes } from '../domain/bill.ts';
import { DownloadBill } from '../flow/download-bill.ts';
import { ShortenUrl } from '../flow/shorten-url.ts';
import { type Answer, type Answers, type Opened, type Refusal, refuse } from './envelope.ts';
import { checkAll, text } from './field-checks.ts';
import { billRefusals, wrongForm } from './texts.ts';

const LONG_URL = 512;

const billRefusal = ({ returnMsg, errorCode }: { returnMsg: string; errorCode?: string }, because = ''): Refusal => ({
  kind: 'refused',
  returnMsg,
  errorCode,
  because,
});

@Injectable()
export class FileEndpoints {
  constructor(
    private readonly bills: DownloadBill,
    private readonly shorter: ShortenUrl,
  ) {}

  bill({ fields }: Opened): Answer {
    const date = text(fields, 'bill_date');
    if (date === '') return billRefusal(billRefusals.missing, 'bill_date');
    const tar = text(fields, 'tar_type');
    if (tar !== '' && tar !== 'GZIP') return billRefusal(billRefusals.format, 'tar_type');
    const asked = text(fields, 'bill_type') === '' ? 'ALL' : fields['bill_type'];
    const type = billTypes.find((known) => known === asked);
    if (!type) return billRefusal(billRefusals.type);
    const bill = this.bills.write(date, type);
    switch (bill.kind) {
      case 'no-date':
        return billRefusal(billRefusals.format, 'bill_date');
      case 'none':
        return billRefusal(billRefusals.none);
      case 'creating':
        return billRefusal(billRefusals.creating);
      case 'bill': {
        const content = Buffer.from(bill.text);
        return { kind: 'file', content: tar === 'GZIP' ? gzipSync(content) : content };
      }
    }
  }

  async shorten({ fields }: Opened, answers: Answers): Promise<Answer> {
    const refusal = checkAll(fields, ['long_url'], { long_url: LONG_URL });
    if (refusal) return refusal;
    const longUrl = text(fields, 'long_url');
    if (!longUrl.startsWith('weixin://')) return refuse(wrongForm('long_url'));
    return answers.success({ short_url: await this.shorter.shorten(longUrl) });
  }
}
