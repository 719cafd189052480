/** The merchant that new payables belong to. */
export class Merchant {
  constructor(
    readonly mchId: string,
    readonly appid: string,
  ) {}
}
