import { isIP } from 'node:net';

/** One thing the doctor looked at. `repair` says what to do, in one sentence. */
export type Finding = { level: 'ok'; what: string } | { level: 'warning' | 'error'; what: string; repair: string };

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const warning = (what: string, repair: string): Finding => ({ level: 'warning', what, repair });
export const wrong = (what: string, repair: string): Finding => ({ level: 'error', what, repair });

export type Environment = Record<string, string | undefined>;

/** Whether an address may be seen from the internet, as far as its name tells. */
export const isReachable = (url: URL): boolean => !isSimulator(url) && !isPrivate(url.hostname);

/** On this machine, or by the name that the simulator has in the compose network. */
export const isSimulator = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname === 'simulator' || hostname.startsWith('127.');

const isPrivate = (hostname: string): boolean =>
  isIP(hostname) === 4
    ? /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname)
    : !hostname.includes('.') || hostname.endsWith('.local');
