/**
 * A request that WeChat Pay would refuse, or a client that cannot work: found before anything is sent. A mistake of the
 * program or of its settings, therefore thrown. `field` is the name on the wire; no value is in the message.
 */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly field: string;

  constructor(field: string, why: string) {
    super(`${field} ${why}`);
    this.field = field;
  }
}
