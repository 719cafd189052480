import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const isProject = (directory: string): boolean => {
  const path = join(directory, 'package.json');
  return existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown }).name === 'paypair';
};

const find = (directory: string): string => {
  if (isProject(directory)) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('package.json of paypair was not found above this file');
  return find(parent);
};

/** The project's folder, found from this file so that it is the same from the sources and from `dist`. */
export const projectRoot: string = find(dirname(fileURLToPath(import.meta.url)));
