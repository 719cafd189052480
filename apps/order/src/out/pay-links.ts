import { signPayLink } from '#platform';
import { PayLinks } from '../flow/ports.ts';

/** Links to the cashier of `pay`, signed so that only their holder sees the order. */
export class SignedPayLinks extends PayLinks {
  constructor(
    private readonly baseUrl: string,
    private readonly secret: string,
  ) {
    super();
  }

  override urlFor(orderNo: string, expiresAt: Date): string {
    return `${this.baseUrl}/pay/${orderNo}?t=${signPayLink(this.secret, orderNo, expiresAt)}`;
  }
}
