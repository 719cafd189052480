/** `npm run token`: a JWT for trying the API by hand, signed with this clone's own secret. */
import { runCommand } from './command.ts';
import { Refusal } from './services/refusal.ts';
import { LocalEnv } from './stack/local-env.ts';
import { LOCAL } from './stack/paths.ts';
import { issueToken } from '#platform';

const HELP = `
npm run token -- --sub NAME [--role operator] [--expires SECONDS]

  --sub      who it is for: the buyer's or operator's name in your own system
  --role     a role, may be repeated; "operator" opens the operator's routes, "backend" those of your servers
  --expires  seconds until it expires (3600)

  Signed with AUTH_JWT_SECRET, or with the secret that npm start keeps in .local/env.`;

const options = {
  sub: { type: 'string' },
  role: { type: 'string', multiple: true },
  expires: { type: 'string' },
} as const;

await runCommand(HELP, options, async ({ sub, role, expires }) => {
  if (!sub) throw new Refusal('Say who the token is for: npm run token -- --sub alice');
  const expiresInSeconds = Number(expires ?? 3600);
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1) {
    throw new Refusal('--expires must be a whole number of seconds, at least 1.');
  }
  if (process.env['AUTH_JWKS_URL'] && !process.env['AUTH_JWT_SECRET']) {
    throw new Refusal(
      'Tokens come from your identity provider here (AUTH_JWKS_URL is set); this command cannot make one.',
    );
  }
  const { AUTH_JWT_SECRET: secret } = await LocalEnv.open(LOCAL.env).appSecrets(process.env);
  process.stdout.write(`${await issueToken({ sub, roles: role ?? [], secret, expiresInSeconds })}\n`);
  return 0;
});
