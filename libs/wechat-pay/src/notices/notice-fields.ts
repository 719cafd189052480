import {
  fromBeijingDateTime,
  fromBeijingTime,
  type Fields,
  isOutRefundNo,
  isOutTradeNo,
  isTransactionId,
  readFen,
  readPartFen,
} from '../protocol/index.ts';

/** A field of a notification that is missing or malformed; `field` names it. */
export class WrongField extends Error {
  readonly field: string;

  constructor(field: string) {
    super(field);
    this.field = field;
  }
}

export function wrong(field: string): never {
  throw new WrongField(field);
}

/** Strict reading of a notification's fields: each gives its value or throws WrongField. */
export class NoticeFields {
  readonly fields: Readonly<Fields>;

  constructor(fields: Readonly<Fields>) {
    this.fields = fields;
  }

  has(name: string): boolean {
    return this.optional(name) !== undefined;
  }

  optional(name: string): string | undefined {
    const value = this.fields[name];
    return value === '' ? undefined : value;
  }

  text(name: string, maxLength: number): string {
    return this.passing(name, (value) => value.length <= maxLength);
  }

  /** An appid or a merchant number, whoever's it is. */
  accountNo(name: 'appid' | 'mch_id'): string {
    return this.passing(name, (value) => /^[0-9A-Za-z_-]{1,32}$/.test(value));
  }

  /** An amount of another currency must never be read as fen. */
  onlyYuan(): void {
    const feeType = this.optional('fee_type');
    if (feeType !== undefined && feeType !== 'CNY') wrong('fee_type');
  }

  outTradeNo(): string {
    return this.passing('out_trade_no', isOutTradeNo);
  }

  outRefundNo(): string {
    return this.passing('out_refund_no', isOutRefundNo);
  }

  /** A number that WeChat Pay gave. */
  wechatNumber(name: 'transaction_id' | 'refund_id'): string {
    return this.passing(name, isTransactionId);
  }

  /** Fen, at least 1. */
  fen(name: string): number {
    return readFen(this.fields[name]) ?? wrong(name);
  }

  /** Fen, may be 0. */
  partFen(name: string): number {
    return readPartFen(this.fields[name]) ?? wrong(name);
  }

  optionalPartFen(name: string): number | undefined {
    return this.has(name) ? this.partFen(name) : undefined;
  }

  /** `yyyyMMddHHmmss`, Beijing. */
  time(name: string): Date {
    return this.parsed(name, fromBeijingTime);
  }

  /** `yyyy-MM-dd HH:mm:ss`, Beijing. */
  optionalDateTime(name: string): Date | undefined {
    return this.has(name) ? this.parsed(name, fromBeijingDateTime) : undefined;
  }

  private passing(name: string, passes: (value: string) => boolean): string {
    const value = this.fields[name] ?? '';
    return value !== '' && passes(value) ? value : wrong(name);
  }

  private parsed(name: string, parse: (text: string) => Date): Date {
    try {
      return parse(this.fields[name] ?? '');
    } catch {
      return wrong(name);
    }
  }
}
