import type { TopologyNames } from '#contract';
import { rule } from './rule.ts';

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

type Chosen = Readonly<Partial<Parameters<typeof topologyNames>[0]>>;
const areApart = (one = '', other = ''): boolean =>
  one !== other && !one.startsWith(`${other}.`) && !other.startsWith(`${one}.`);

/** Rule for a schema with these names, `.refine(...queuesApart)`: in one queue, each app would take the other's messages. */
export const queuesApart = rule<Chosen>(
  'MQ_PAY_QUEUE',
  'must not be MQ_ORDER_QUEUE, nor may one begin with the other',
  ({ MQ_ORDER_QUEUE, MQ_PAY_QUEUE }) => areApart(MQ_ORDER_QUEUE, MQ_PAY_QUEUE),
);

/** Rule for a schema with these names: on one exchange, each account could write the other's events. */
export const exchangesApart = rule<Chosen>(
  'MQ_ORDER_EXCHANGE',
  'must not be MQ_PAYMENT_EXCHANGE',
  ({ MQ_ORDER_EXCHANGE, MQ_PAYMENT_EXCHANGE }) => MQ_ORDER_EXCHANGE !== MQ_PAYMENT_EXCHANGE,
);
