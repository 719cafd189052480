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

type Chosen = Readonly<Partial<Parameters<typeof topologyNames>[0]>>;
/** Checked also when other variables are wrong: all of them are named at once. */
type Rule = [isKept: (chosen: Chosen) => boolean, { when: () => true; path: string[]; message: string }];
const when = (): true => true;
const areApart = (one = '', other = ''): boolean =>
  one !== other && !one.startsWith(`${other}.`) && !other.startsWith(`${one}.`);

/** Rule for a schema with these names, `.refine(...queuesApart)`: in one queue, each app would take the other's messages. */
export const queuesApart: Rule = [
  ({ MQ_ORDER_QUEUE, MQ_PAY_QUEUE }: Chosen): boolean => areApart(MQ_ORDER_QUEUE, MQ_PAY_QUEUE),
  { when, path: ['MQ_PAY_QUEUE'], message: 'must not be MQ_ORDER_QUEUE, nor may one begin with the other' },
];

/** Rule for a schema with these names: on one exchange, each account could write the other's events. */
export const exchangesApart: Rule = [
  ({ MQ_ORDER_EXCHANGE, MQ_PAYMENT_EXCHANGE }: Chosen): boolean => MQ_ORDER_EXCHANGE !== MQ_PAYMENT_EXCHANGE,
  { when, path: ['MQ_ORDER_EXCHANGE'], message: 'must not be MQ_PAYMENT_EXCHANGE' },
];
