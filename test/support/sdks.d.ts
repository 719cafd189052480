// What the tests use of two public SDKs that have no types of their own, or none for API v2.
declare module 'tenpay' {
  type Fields = Record<string, string | number>;
  type Answer = Record<string, string>;
  export default class Tenpay {
    constructor(config: Record<string, unknown>);
    unifiedOrder(fields: Fields): Promise<Answer>;
    orderQuery(fields: Fields): Promise<Answer>;
    closeOrder(fields: Fields): Promise<Answer>;
    refund(fields: Fields): Promise<Answer>;
    refundQuery(fields: Fields): Promise<Answer>;
    downloadBill(fields: Fields, format: true): Promise<{ total_data: string[]; list_data: string[][] }>;
    getNativeUrl(fields: Fields): string;
    getPayParamsByPrepay(order: Fields, signType?: string): Record<string, string>;
    getAppParamsByPrepay(order: Fields, signType?: string): Record<string, string>;
    middlewareForExpress(
      type: 'pay' | 'refund' | 'nativePay',
    ): (
      request: { body: string; weixin?: Record<string, unknown> },
      response: { header: (name: string, value: string) => void; send: (body: string) => void } & Record<
        string,
        unknown
      >,
      next: () => void,
    ) => Promise<void>;
  }
}

declare module 'urllib' {
  import type { Agent } from 'node:https';
  const urllib: { httpsAgent: Agent };
  export default urllib;
}
