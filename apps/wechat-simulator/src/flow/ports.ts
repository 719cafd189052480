/** Everything the steps need from outside. */
import type { Forgery } from '../domain/faults.ts';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import type { Order, Payment, SignType } from '../domain/order.ts';
import type { Refund } from '../domain/refund.ts';

/** The one merchant this WeChat Pay knows. */
export class Merchant {
  constructor(
    readonly appid: string,
    readonly mchId: string,
    readonly apiKey: string,
    /** What the phone shows as the payee. */
    readonly name: string,
    /** The merchant's app and mini-program have appids of their own. */
    readonly furtherAppids: readonly string[] = [],
  ) {}

  /** Whether this appid is bound to the merchant. */
  has(appid: string | undefined): appid is string {
    return appid !== undefined && [this.appid, ...this.furtherAppids].includes(appid);
  }
}

/** The official account of the merchant, as OAuth knows it. */
export class OfficialAccount {
  constructor(
    readonly secret: string | undefined,
    /** Whether browsers may be sent back there. */
    readonly isReturnAddress: (url: string) => boolean,
  ) {}
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

/** How a message is written down, as far as WeChat Pay does not always do it the same way. */
export interface NoticeForm {
  signType: SignType;
  /** WeChat usually leaves `sign_type` out. */
  namesSignType: boolean;
  unknownFields: boolean;
  /** Fields without a value are there as empty elements. */
  emptyFields: boolean;
  /** The body is sent in two halves, so long apart. */
  slowMs: number;
  /** What makes it a message that WeChat Pay never sent. */
  forgery: Forgery | undefined;
}

/** A notification before it is written down as XML and signed, or encrypted. */
export type NoticeMessage = { url: string; form: NoticeForm; order: Order } & (
  | { about: 'payment'; payment: Payment }
  | { about: 'failure'; openid: string }
  | { about: 'refund'; payment: Payment; refund: Refund }
);

/**
 * `status` null: no HTTP answer, `replied` says why. Accepted only by the rules of the notification page. `tookMs`: from
 * sending to the end of the reply.
 */
export interface NoticeReply {
  status: number | null;
  replied: string;
  accepted: boolean;
  tookMs?: number;
}

export abstract class Notifier {
  /** Sends once and judges the answer; never rejects. */
  abstract deliver(message: NoticeMessage): Promise<NoticeReply>;
}

/** What the merchant said when a product code was scanned; `text` of a refusal is for the user. */
export type ProductReply =
  | { kind: 'order'; prepayId: string; replied: string }
  | { kind: 'refused'; text: string; replied: string }
  | { kind: 'malformed'; replied: string };

export abstract class MerchantCallback {
  /** Asks the merchant for an order of this product, and checks who answered; never rejects. */
  abstract ask(url: string, scan: { openid: string; productId: string; signType: SignType }): Promise<ProductReply>;
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

/** Who the simulator is to TLS clients: everything in PEM. The CA also signed the merchant's certificate. */
export class TlsIdentity {
  constructor(
    readonly caCertificate: string,
    readonly certificate: string,
    readonly privateKey: string,
    /** Folder with the files for the merchant. */
    readonly folder: string,
  ) {}
}
