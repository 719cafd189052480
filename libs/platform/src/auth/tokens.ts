import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { Problem } from '../http/problem.ts';

/** Who is asking: `sub` names the buyer or operator in the merchant's own system. */
export interface Identity {
  readonly sub: string;
  readonly roles: readonly string[];
}

export type VerifyToken = (token: string) => Promise<Identity>;

const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_SUB = 128;
const secretKey = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** Checks HS256 tokens by a shared secret. The algorithm is ours, never the token's. */
export const bySecret = (secret: string): VerifyToken => {
  const key = secretKey(secret);
  return (token) => verify(() => jwtVerify(token, key, { ...common, algorithms: ['HS256'] }));
};

/** Checks RS256 and ES256 tokens by the keys an identity provider publishes; keys are cached by jose. */
export const byJwks = (url: string): VerifyToken => {
  const keys = createRemoteJWKSet(new URL(url), { timeoutDuration: 2_000, cooldownDuration: 10_000 });
  return (token) => verify(() => jwtVerify(token, keys, { ...common, algorithms: ['RS256', 'ES256'] }));
};

const common = { clockTolerance: CLOCK_TOLERANCE_SECONDS, requiredClaims: ['sub', 'exp'] };

/** A token for local use and tests, signed with HS256. */
export const issueToken = ({
  sub,
  roles = [],
  secret,
  expiresInSeconds,
}: {
  sub: string;
  roles?: readonly string[];
  secret: string;
  expiresInSeconds: number;
}): Promise<string> =>
  new SignJWT({ roles: [...roles] })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(secretKey(secret));

async function verify(run: () => Promise<{ payload: JWTPayload }>): Promise<Identity> {
  let payload: JWTPayload;
  try {
    ({ payload } = await run());
  } catch (error) {
    if (isTokensFault(error)) throw unauthenticated('The token is not valid.', 'invalid_token');
    throw new Problem(503, 'AUTH_UNAVAILABLE', 'The keys that check tokens cannot be read now.', {
      retryAfterSeconds: 5,
    });
  }
  const { sub, roles = [] } = payload as { sub: unknown; roles?: unknown };
  const isSub = typeof sub === 'string' && sub.length > 0 && sub.length <= MAX_SUB;
  const isRoles = Array.isArray(roles) && roles.length <= 50 && roles.every((role) => typeof role === 'string');
  if (!isSub || !isRoles) throw unauthenticated('The token lacks a usable sub or roles.', 'invalid_token');
  return Object.freeze({ sub, roles: Object.freeze([...roles]) });
}

/** What jose says of the token itself; the rest is trouble in getting the keys. */
const isTokensFault = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
  error.code !== 'ERR_JOSE_GENERIC';

/** 401 with the challenge RFC 6750 asks for. */
export const unauthenticated = (detail: string, error?: 'invalid_token'): Problem =>
  new Problem(401, 'UNAUTHENTICATED', detail, {
    headers: { 'www-authenticate': error === undefined ? 'Bearer' : `Bearer error="${error}"` },
  });
