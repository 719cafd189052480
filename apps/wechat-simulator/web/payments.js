/** Past payments of the phone, each with its refunds, the notifications sent and how the merchant answered. */
import { ask, copyOf, fill, put, showTime, yuan } from './page.js';

const list = document.querySelector('[data-payments]');
const empty = document.querySelector('[data-payments-empty]');
/** transactionId → {row, seen}: rows stay, so that an opened one is not closed under the reader. */
const rows = new Map();

/**
 * Reads and shows the payments.
 * @param {object} texts what the page's script says
 * @returns {Promise<boolean>} whether the simulator answered
 */
export const showPayments = async (texts) => {
  const answer = await ask('/phone/api/payments');
  if (!answer.ok) return false;
  const payments = [...(answer.body?.payments ?? [])].sort((a, b) => Date.parse(b.paidAt) - Date.parse(a.paidAt));
  empty.hidden = payments.length > 0;
  const wanted = payments.map((payment) => rowOf(payment, texts));
  if (wanted.length !== list.children.length || wanted.some((row, index) => list.children[index] !== row)) {
    list.replaceChildren(...wanted);
  }
  return true;
};

const rowOf = (payment, texts) => {
  const known = rows.get(payment.transactionId) ?? { row: copyOf('payment'), seen: '' };
  const seen = JSON.stringify([payment.notifications, payment.refunds]);
  if (known.seen !== seen) update(known.row, payment, texts);
  rows.set(payment.transactionId, { row: known.row, seen });
  return known.row;
};

const update = (row, payment, texts) => {
  const { notifications, refunds } = payment;
  const accepted = notifications.some((notification) => notification.accepted);
  const refunded = refunds.reduce((sum, { status, refundFee }) => sum + (status === 'REFUNDCLOSE' ? 0 : refundFee), 0);
  fill(row, {
    body: payment.body,
    sum: yuan(payment.totalFee),
    transactionId: payment.transactionId,
    coupon: payment.couponFee > 0 ? put(texts.couponUsed, { amount: yuan(payment.couponFee) }) : '',
    state: stateOf(payment, refunded, accepted, texts),
  });
  row.querySelector('.payment__state').classList.toggle('payment__state--good', accepted && refunded === 0);
  showTime(row.querySelector('.payment__at'), payment.paidAt, 'exact');
  row.querySelector('[data-none]').hidden = notifications.length > 0;
  row.querySelector('[data-none]').textContent = texts.noNotice;
  row.querySelector('[data-notices]').replaceChildren(...notifications.map((sent) => noticeOf(sent, texts)));
  row.querySelector('[data-refunds]').replaceChildren(...refunds.map((refund) => refundOf(refund, texts)));
};

const stateOf = ({ notifications }, refunded, accepted, texts) => {
  if (refunded > 0) return put(texts.refunded, { amount: yuan(refunded) });
  return accepted ? texts.accepted : put(texts.notices, { count: notifications.length });
};

const REFUND_TONE = { PROCESSING: 'due', SUCCESS: 'good', REFUNDCLOSE: 'bad', CHANGE: 'bad' };

const refundOf = (refund, texts) => {
  const row = fill(copyOf('refund'), {
    sum: put(texts.refund, { amount: yuan(refund.refundFee) }),
    status: texts.refundStatus[refund.status],
    refundId: refund.refundId,
  });
  row.querySelector('.pill').dataset.tone = REFUND_TONE[refund.status];
  row.querySelector('[data-notices]').replaceChildren(...refund.notifications.map((sent) => noticeOf(sent, texts)));
  return row;
};

const noticeOf = (sent, texts) => {
  const row = fill(copyOf('notice'), {
    what: `${put(texts.attempt, { count: sent.attempt })}${sent.status ? ` · HTTP ${sent.status}` : ''}`,
    verdict: verdictOf(sent, texts),
    replied: sent.replied ?? '',
  });
  row.querySelector('.pill').dataset.tone = sent.accepted ? 'good' : 'bad';
  row.querySelector('.sent__reply').hidden = !sent.replied;
  showTime(row.querySelector('time'), sent.at, 'exact');
  return row;
};

const verdictOf = (sent, texts) => {
  if (sent.accepted) return texts.accepted;
  return sent.status ? texts.repeated : texts.noAnswer;
};
