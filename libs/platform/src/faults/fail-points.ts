/**
 * Where a process can be made to die, each with the step it stands for. `test/crash-points.e2e-spec.ts` kills at every
 * one of them. The event of a consumer's point says which queue it was.
 */
export const failPoints = {
  'place.asked': 'order: a new order was asked for, its transaction has not begun',
  'place.stock-taken': 'order: everything of a new order is written, the stock last; not committed',
  'place.committed': 'order: a new order is committed; neither the broker nor Redis has heard of it',
  'place.before-timeout': 'order: a new order is in Redis and in the outbox; its time-out message is not sent',
  'place.before-answer': 'order: a new order is complete; the buyer has no answer',
  'settle.booked': 'order: a payment is booked with all that follows; not committed',
  'settle.before-redis': 'order: orders have ended and are committed; Redis still holds them as pending',
  'timeout.handled': 'order: what a time-out message asks for is committed; the message is not acknowledged',
  'prepay.before-call': 'pay: an attempt is committed; WeChat has not been called',
  'prepay.answered': 'pay: WeChat has answered a code; it is not stored',
  'notify.received': 'pay: a notification has come; it is not verified',
  'notify.verified': 'pay: a notification is verified; nothing is written',
  'settle.written': 'pay: a payment is settled with all that follows; not committed',
  'notify.before-answer': 'pay: a notification is settled and committed; WeChat has no answer',
  'notify.answered': 'pay: WeChat has its answer',
  'query.answered': 'pay: WeChat has answered a query; nothing is written',
  'close.before-query': 'pay: a command to close is leased; WeChat has not been asked',
  'close.before-call': 'pay: WeChat says the order is open; it has not been told to close it',
  'close.answered': 'pay: WeChat has closed an order; it is not written down',
  'refund.before-call': 'pay: the call of a refund is committed; WeChat has not been called',
  'refund.answered': 'pay: WeChat has taken on a refund; it is not written down',
  'outbox.before-publish': 'both: an event is committed; it is not published',
  'outbox.confirmed': 'both: the broker has confirmed an event; it still stands in the outbox',
  'inbox.delivered': 'both: events were delivered; their handler has not begun',
  'inbox.handled': 'both: the handler of events has committed; they are not acknowledged',
} as const;
export type FailPoint = keyof typeof failPoints;
