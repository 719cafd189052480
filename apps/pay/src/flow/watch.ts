// Lets those who wait for an order on this instance hear of each change; it keeps no state, whoever hears reads MySQL.
import { Injectable } from '@nestjs/common';

type Listener = () => void;

/** Listeners by order number. A change is only a nudge: it carries nothing, and a lost one costs time, not truth. */
@Injectable()
export class Watch {
  private readonly listeners = new Map<string, Set<Listener>>();

  /** Calls `listener` at each change of the order until the answered function is called. */
  watch(orderNo: string, listener: Listener): () => void {
    const ofOrder = this.listeners.get(orderNo) ?? new Set<Listener>();
    this.listeners.set(orderNo, ofOrder.add(listener));
    return () => {
      ofOrder.delete(listener);
      if (ofOrder.size === 0 && this.listeners.get(orderNo) === ofOrder) this.listeners.delete(orderNo);
    };
  }

  /** Does anybody on this instance wait for the order? */
  isWatched(orderNo: string): boolean {
    return this.listeners.has(orderNo);
  }

  /** Changes may have been missed: everybody reads again. */
  missed(): void {
    for (const orderNo of [...this.listeners.keys()]) this.changed(orderNo);
  }

  changed(orderNo: string): void {
    for (const listener of this.listeners.get(orderNo) ?? []) listener();
  }
}
