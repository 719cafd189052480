/** One thing the doctor looked at. `repair` says what to do, in one sentence. */
export type Finding = { level: 'ok'; what: string } | { level: 'warning' | 'error'; what: string; repair: string };

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const warning = (what: string, repair: string): Finding => ({ level: 'warning', what, repair });
export const wrong = (what: string, repair: string): Finding => ({ level: 'error', what, repair });
