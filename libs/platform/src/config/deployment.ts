import { rule } from './rule.ts';

interface Deployment {
  readonly NODE_ENV?: string | undefined;
  readonly DEMO?: boolean;
  readonly WECHAT_API_BASE_URL?: string | undefined;
  readonly PUBLIC_PAY_URL?: string | undefined;
  readonly AUTH_JWT_SECRET?: string | undefined;
  readonly AUTH_JWKS_URL?: string | undefined;
}

/** Whether there is an address that can be looked at; what is wrong with another one is told by its own schema. */
export const isAddress = (url: string | undefined): url is string => url !== undefined && URL.canParse(url);

export const isLoopback = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname);

/** Whether this is WeChat as the simulator plays it: on this machine, or under its name in a compose network. */
export const isSimulator = (url: string): boolean => isLoopback(url) || new URL(url).hostname === 'simulator';

/** Rule `.refine(...oneWayToSignIn)`: tokens are checked by a secret or by published keys, never by whichever fits. */
export const oneWayToSignIn = rule<Deployment>(
  'AUTH_JWT_SECRET',
  'or AUTH_JWKS_URL must be set, and not both',
  ({ AUTH_JWT_SECRET, AUTH_JWKS_URL }) => [AUTH_JWT_SECRET, AUTH_JWKS_URL].filter(Boolean).length === 1,
);

/** Rule `.refine(...demoOutsideProduction)`. */
export const demoOutsideProduction = rule<Deployment>(
  'DEMO',
  'is not for production: it hands a session to every visitor',
  ({ DEMO, NODE_ENV }) => !(DEMO && NODE_ENV === 'production'),
);

/** Rule `.refine(...payPagesByHttps)`: who reads the way to the cashier can open it, and pay as who came that way. */
export const payPagesByHttps = rule<Deployment>(
  'PUBLIC_PAY_URL',
  'must be https in production: pay links and the cookies of buyers travel there',
  ({ NODE_ENV, PUBLIC_PAY_URL: url }) => !(NODE_ENV === 'production' && isAddress(url) && !/^https:/i.test(url)),
);

/** Rule `.refine(...demoBesideSimulator)`: visitors of a demo never pay with real money. */
export const demoBesideSimulator = rule<Deployment>(
  'WECHAT_API_BASE_URL',
  'must be the simulator while DEMO is on',
  ({ DEMO, WECHAT_API_BASE_URL: url }) => !(DEMO && isAddress(url) && !isSimulator(url)),
);
