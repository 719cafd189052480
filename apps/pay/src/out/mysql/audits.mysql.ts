import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Deed, transact, writeAudit } from '#platform';
import { Audits } from '../../flow/ports.ts';

@Injectable()
export class AuditsMysql extends Audits {
  constructor(private readonly db: DataSource) {
    super();
  }

  override write(deed: Deed): Promise<void> {
    return transact(this.db, (em) => writeAudit(em, deed));
  }
}
