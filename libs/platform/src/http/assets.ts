import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';
import { projectRoot } from './project-root.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** The others are compressed already. */
const compressible = new Set(['.css', '.js', '.svg']);

type Encoding = 'br' | 'gzip' | 'identity';

interface Asset {
  bodies: Partial<Record<Encoding, Buffer>>;
  hash: string;
  type: string;
}

const A_YEAR = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'public, max-age=0, must-revalidate';

/** Every folder of this build that holds files of pages; an image of one app has fewer of them. */
const allFolders = ['libs/platform/web', 'apps/pay/web', 'apps/order/web', 'apps/wechat-simulator/web'];
let version: string | undefined;

/** Ten characters that change with the content of any page's file; the same in every instance of a build. */
function assetsVersion(): string {
  if (version !== undefined) return version;
  const hash = createHash('sha256');
  for (const folder of allFolders.map((name) => resolve(projectRoot, name)).filter((path) => existsSync(path))) {
    for (const { name, path } of filesOf(folder)) hash.update(`${name}\0`).update(readFileSync(path));
  }
  version = hash.digest('hex').slice(0, 10);
  return version;
}

/**
 * The address of a page's file: `/assets/<version>/<name>`. The version stands in the folder, not in the name, so that
 * modules find one another by relative imports and a browser may keep everything below it for good.
 */
export const assetPath = (name: string): string => `/assets/${assetsVersion()}/${name}`;

/**
 * Serves the files of some folders (relative to the project) under `/assets/`, compressed once at start. They are few
 * and small, so they stay in memory: a request can only name one of them, never a path. Another version than ours, as
 * during a rolling update, gets our content too, but is not to be kept. Only these files are compressed: pages hold a
 * buyer's payment code, and what is compressed together with a secret can betray it by its length.
 */
export function serveAssets(fastify: FastifyInstance, directories: readonly string[]): void {
  const assets = new Map<string, Asset>();
  for (const directory of directories) readFolder(resolve(projectRoot, directory), assets);
  fastify.get<{ Params: { '*': string } }>('/assets/*', (request, reply) => {
    const [, folder, name = ''] = /^(?:([0-9a-f]{10})\/)?(.*)$/s.exec(request.params['*']) ?? [];
    const asset = assets.get(name);
    if (asset === undefined) throw new Problem(404, 'NOT_FOUND', 'Not Found.');
    const encoding = encodingFor(asset, request.headers['accept-encoding']);
    const etag = `"${asset.hash}${encoding === 'identity' ? '' : `-${encoding}`}"`;
    void reply.headers({
      etag,
      vary: 'accept-encoding',
      'cache-control': folder === assetsVersion() ? A_YEAR : ASK_AGAIN,
    });
    if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send();
    if (encoding !== 'identity') void reply.header('content-encoding', encoding);
    return reply.header('content-type', asset.type).send(asset.bodies[encoding]);
  });
}

/** The best encoding that both sides have; `;q=0` refuses one (RFC 9110 §12.5.3). */
function encodingFor({ bodies }: Asset, accepted = ''): Encoding {
  const wanted = new Set(
    accepted
      .toLowerCase()
      .split(',')
      .filter((entry) => !/;\s*q=0(\.0*)?\s*$/.test(entry))
      .map((entry) => entry.split(';')[0]?.trim()),
  );
  return (['br', 'gzip'] as const).find((one) => wanted.has(one) && bodies[one]) ?? 'identity';
}

function readFolder(root: string, assets: Map<string, Asset>): void {
  for (const { name, path } of filesOf(root)) {
    const type = types[extname(name)];
    if (type === undefined || assets.has(name)) continue;
    const body = readFileSync(path);
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
    const bodies: Asset['bodies'] = { identity: body };
    if (compressible.has(extname(name))) Object.assign(bodies, { br: brotliCompressSync(body), gzip: gzipSync(body) });
    assets.set(name, { bodies, type, hash });
  }
}

/** All files below a folder, in the order of their names. */
function filesOf(root: string): { name: string; path: string }[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(root, path).split(sep).join('/'), path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
