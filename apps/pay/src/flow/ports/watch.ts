/** What is written down for people: deeds of operators, counters. */

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
