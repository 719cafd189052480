/** What the specs of the server-rendered pages share: looking at markup, at the texts, and at what a page loads. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Every text in a tree of texts. */
export const textsIn = (tree: object): string[] =>
  Object.values(tree).flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null ? textsIn(entry) : [String(entry)],
  );

/** The name of every text in a tree, `phase.paid.heading`. */
export const namesIn = (tree: object, path = ''): string[] =>
  Object.entries(tree).flatMap(([name, entry]: [string, unknown]) =>
    typeof entry === 'object' && entry !== null ? namesIn(entry, `${path}${name}.`) : [path + name],
  );

/** The addresses of all styles, scripts and pictures a page names. */
export const loadedBy = (page: string): string[] =>
  [...page.matchAll(/<(?:link|script|img)[^>]*?(?:href|src)="([^"]*)"/g)].flatMap(([, address]) => address ?? []);

/** Everything in a page that the content security policy would refuse: inline scripts, styles and handlers. */
export const inlineCode = (page: string): string[] =>
  page.match(/<script(?![^>]*\ssrc=")[^>]*>|<style|\sstyle=|<[^>]+\son[a-z]+=/g) ?? [];

/** A file that an app serves at an address under `/assets/`. */
export const assetOf = (app: string, address: string): Buffer => {
  const name = address.replace(/^\/assets\/([0-9a-f]{10}\/)?/, '');
  const folders = ['libs/platform/web/', `apps/${app}/web/`];
  const paths = folders.map((folder) => fileURLToPath(new URL(`../../${folder}${name}`, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`${app} does not serve ${address}`);
  return readFileSync(path);
};

/** Bytes of a page with all it loads, each file compressed as a browser would get it. */
export const compressedWeight = (app: string, page: string): number => {
  const bodies = [Buffer.from(page), ...[...new Set(loadedBy(page))].map((address) => assetOf(app, address))];
  return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
};

/** What stands in an escaped attribute of the page. */
export const attributeIn = (page: string, name: string): string =>
  (new RegExp(`${name}="([^"]*)"`).exec(page)?.[1] ?? '')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
