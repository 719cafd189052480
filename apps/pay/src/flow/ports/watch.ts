/** For people who look on: pages that are open, deeds of operators, counters. */

/** Pages that are open, at whichever instance. They look by themselves too: nothing depends on their hearing of it. */
export abstract class OpenPages {
  /** The way to pay has changed: this attempt was closed for another one, or is the other one. */
  abstract switched(attempt: { orderNo: string; outTradeNo: string }): void;
}

/** What operators do is written down. */
export abstract class Audits {
  /** Written when the deed is done: it calls WeChat, so no transaction could hold both. */
  abstract write(deed: {
    actor: string;
    action: string;
    subject: string;
    before: unknown;
    after: unknown;
  }): Promise<void>;
}

/** Counters of what deserves an alarm or a graph. */
export abstract class Counts {
  abstract notice(outcome: string): void;
  abstract settled(source: string, outcome: string): void;
  abstract prepay(outcome: string): void;
  /** A refund was put off; `somebody`: it goes on only when its cause is removed by hand. */
  abstract refundWaits(what: 'time' | 'somebody'): void;
}
