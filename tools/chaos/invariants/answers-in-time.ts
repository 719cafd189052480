import type { Check } from './broken.ts';

/** The machine may be slow; the promise is about hanging. */
const SLOWNESS_MS = 1_000;
const ANSWER_WITHIN_MS = { code: 15_000, other: 5_000 };
/** WeChat's own limit: nothing is forgiven here. */
const NOTICE_WITHIN_MS = 5_000;

/** I15: no request hangs, none is answered outside the contract, and WeChat has its reply to a notification within 5 s. */
export const answersInTime: Check = (evidence) => [...toBuyers(evidence), ...toWechat(evidence)];

const toBuyers: Check = ({ calls, surprises, silences }) => {
  const late = calls.flatMap(({ what, app, at, ms, orderNo, status }) => {
    const limit = ANSWER_WITHIN_MS[what === 'code' ? 'code' : 'other'] + SLOWNESS_MS;
    const silent = silences.some((one) => one.app === app && one.from <= at + ms && at <= one.to);
    if (what === 'phone' || ms <= limit || silent) return [];
    const text = `${what} at ${app} took ${ms} ms (${status ?? 'no answer'})`;
    return [{ invariant: 'I15', what: text, ...(orderNo !== undefined && { orderNo }) }];
  });
  return [...late, ...surprises.map((what) => ({ invariant: 'I15', what }))];
};

/** The simulator does not say which instance it asked: any that was stopped or killed meanwhile may have been it. */
const toWechat: Check = ({ ledger, silences }) =>
  ledger.flatMap(({ kind, at, tookMs = 0, outTradeNo = '', replied = '' }) => {
    if (kind !== 'notified' || tookMs < NOTICE_WITHIN_MS) return [];
    const [from, to] = [Date.parse(at) - tookMs, Date.parse(at)];
    if (silences.some((one) => one.app.startsWith('pay-') && one.from <= to && from <= one.to)) return [];
    return [{ invariant: 'I15', orderNo: outTradeNo, what: `a notification took ${tookMs} ms (${replied})` }];
  });
