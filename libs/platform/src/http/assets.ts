import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
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

interface Asset {
  body: Buffer;
  etag: string;
  type: string;
}

/**
 * Serves the files of some folders (relative to the project) under `/assets/`. They are few and small, so they are read
 * once at start: a request can only name one of them, never a path, and what is not a page's file is not served.
 * Names carry no hash, so a browser asks again each time and mostly hears 304.
 */
export function serveAssets(fastify: FastifyInstance, directories: readonly string[]): void {
  const assets = new Map<string, Asset>();
  for (const directory of directories) readFolder(resolve(projectRoot, directory), assets);
  fastify.get<{ Params: { '*': string } }>('/assets/*', (request, reply) => {
    const asset = assets.get(request.params['*']);
    if (asset === undefined) throw new Problem(404, 'NOT_FOUND', 'Not Found.');
    void reply.headers({ etag: asset.etag, 'cache-control': 'public, max-age=0, must-revalidate' });
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
    return reply.header('content-type', asset.type).send(asset.body);
  });
}

function readFolder(root: string, assets: Map<string, Asset>): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = types[extname(entry.name)];
    const name = relative(root, path).split(sep).join('/');
    if (!entry.isFile() || type === undefined || assets.has(name)) continue;
    const body = readFileSync(path);
    assets.set(name, { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` });
  }
}
