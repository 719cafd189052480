/** Results of payments, written once. */
import type { PaymentResult, SettleOutcome } from '../../domain/payment.ts';

export interface Settled {
  outcome: SettleOutcome;
  /** The order the attempt belongs to; undefined for a number that is not ours. */
  orderNo: string | undefined;
}

/** Settling in MySQL: attempt, notice, anomaly and outbox rows in one transaction, published straight after it. */
export abstract class Payments {
  /** One outcome per result, in order. Concurrent calls share a transaction. */
  abstract settle(results: readonly PaymentResult[]): Promise<Settled[]>;
  /** Keeps a verified notice that could not be confirmed, and makes its attempt due for a query now. */
  abstract keepUnclear(result: PaymentResult): Promise<void>;
  /** Tells `order` about successes again. */
  abstract tellAgain(outTradeNos: readonly string[]): Promise<void>;
}
