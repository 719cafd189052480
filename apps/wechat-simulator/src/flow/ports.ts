/** Everything the steps need from outside. */
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import type { Order, Payment, SignType } from '../domain/order.ts';

/** The one merchant this WeChat Pay knows. */
export class Merchant {
  constructor(
    readonly appid: string,
    readonly mchId: string,
    readonly apiKey: string,
    /** What the phone shows as the payee. */
    readonly name: string,
  ) {}
}

/** Rules of the gateway that a deployment may choose. */
export class GatewayRules {
  /** @param minExpireMs how far away `time_expire` must be */
  constructor(readonly minExpireMs: number) {}
}

/** The append-only file that everything is written to. */
export abstract class Ledger {
  /**
   * Writes one entry. Resolves when the operating system has it, or with `durable` when the disk has it; entries are
   * written in the order of the calls. Rejects when the file cannot be written, and from then on always.
   */
  abstract append(entry: LedgerEntry, durable: boolean): Promise<void>;
  /** All entries of earlier processes. A line that a crash cut off at the end is removed. */
  abstract recover(): AsyncIterable<LedgerEntry>;
  /** The entries since the last reset, each as one JSON text. */
  abstract linesSinceReset(): AsyncIterable<string>;
  /** Resolves when all is written and the file is closed. */
  abstract close(): Promise<void>;
}

/** A notification before it is written down as XML and signed. */
export interface NoticeMessage {
  order: Pick<
    Order,
    'appid' | 'mchId' | 'outTradeNo' | 'tradeType' | 'attach' | 'deviceInfo' | 'notifyUrl' | 'totalFee'
  >;
  signType: SignType;
  /** WeChat usually leaves `sign_type` out. */
  namesSignType: boolean;
  /** Absent: a `result_code=FAIL`. */
  payment: Payment | undefined;
  openid: string;
}

/** `status` null: no HTTP answer, `replied` says why. Accepted only by the rules of the notification page. */
export interface NoticeReply {
  status: number | null;
  replied: string;
  accepted: boolean;
}

export abstract class Notifier {
  /** Sends once and judges the answer; never rejects. */
  abstract deliver(message: NoticeMessage): Promise<NoticeReply>;
}

/** Random characters that nobody can predict. */
export abstract class Entropy {
  abstract text(count: number, alphabet: string): string;
}

/** One alarm clock of the machine. */
export abstract class Alarm {
  /** Rings once after this time, unless it is set again or cleared before. */
  abstract set(ms: number, ring: () => void): void;
  abstract clear(): void;
}
