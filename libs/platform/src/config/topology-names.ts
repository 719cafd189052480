import type { TopologyNames } from '#contract';

/** The names a deployment chose, from the values that `...settings.topologyNames` read. */
export const topologyNames = (values: {
  readonly MQ_PAYMENT_EXCHANGE: string;
  readonly MQ_ORDER_EXCHANGE: string;
  readonly MQ_ORDER_QUEUE: string;
  readonly MQ_PAY_QUEUE: string;
}): TopologyNames => ({
  paymentExchange: values.MQ_PAYMENT_EXCHANGE,
  orderExchange: values.MQ_ORDER_EXCHANGE,
  orderQueue: values.MQ_ORDER_QUEUE,
  payQueue: values.MQ_PAY_QUEUE,
});
