import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { SettingsError, type SettingProblem } from './settings-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Texts that examples and templates hold in the place of a value. */
const placeholder =
  /change[-_ ]?(me|it)|^<.*>$|^(your|todo|replace)[-_ ]|^x{3,}$|^(todo|placeholder|secret|password)$/i;
/** Secrets made for a local run, or printed in tests and documentation, alone or inside an address. */
const notForProduction = /(^|[:/@])(local-only-|TESTONLY)/;

const control = /[\u0000-\u001f\u007f]/;

/**
 * Reads an app's environment once, at start. Each member of `schema` is one variable; `NAME_FILE` reads it from a file
 * (a line break at the end is not part of the value). An empty variable counts as absent. With `NODE_ENV=production`
 * secrets made for local runs and tests are refused.
 *
 * @returns the typed values, deeply frozen
 * @throws SettingsError naming every bad variable with what is wrong and its repair, and never a value
 */
export function readSettings<T extends z.ZodObject>(
  app: string,
  schema: T,
  env: Environment = process.env,
): DeepReadonly<z.infer<T>> {
  const problems: SettingProblem[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const found = settingFrom(name, env);
    if (found.value !== undefined) values[name] = found.value;
    const what = found.trouble ?? (found.value === undefined ? undefined : distrust(found.value, env.NODE_ENV));
    if (what !== undefined) problems.push({ name, what, repair: repairOf(schema, name) });
  }
  const named = new Set(problems.map(({ name }) => name));
  const parsed = schema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0] ?? app);
    if (named.has(name)) continue;
    named.add(name);
    problems.push({ name, what: describe(issue.message, name, values[name]), repair: repairOf(schema, name) });
  }
  if (!parsed.success || problems.length > 0) throw new SettingsError(app, problems);
  return deepFreeze(parsed.data) as DeepReadonly<z.infer<T>>;
}

/** What the environment gives for one setting: as `NAME`, or as the text of the file that `NAME_FILE` names. */
export function settingFrom(name: string, env: Environment): { value?: string; trouble?: string } {
  const direct = env[name] === '' ? undefined : env[name];
  const path = env[`${name}_FILE`];
  if (path === undefined || path === '') return direct === undefined ? {} : { value: direct };
  if (direct !== undefined) return { trouble: `is given twice, as ${name} and as ${name}_FILE` };
  try {
    const text = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .replace(/(\r?\n)+$/, '');
    return text === '' ? { trouble: `the file named by ${name}_FILE is empty` } : { value: text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return { trouble: `the file named by ${name}_FILE cannot be read (${code})` };
  }
}

function distrust(value: string, mode: string | undefined): string | undefined {
  if (placeholder.test(value)) return 'still holds a placeholder';
  if (control.test(value)) return 'contains a line break or a control character';
  if (mode === 'production' && notForProduction.test(value)) return 'holds a secret made for local runs and tests';
  if (value.trim() !== value) return 'begins or ends with a space';
  return undefined;
}

function describe(message: string, name: string, value: string | undefined): string {
  if (value === undefined) return message.startsWith('Invalid input') ? 'is missing' : message;
  const leaks = value.length >= 4 && message.includes(value);
  return leaks || message.startsWith('Invalid input') ? 'is malformed' : message.replace(`${name} `, '');
}

function repairOf(schema: z.ZodObject, name: string): string {
  let piece = schema.shape[name] as (z.ZodType & { def: { innerType?: unknown; in?: unknown } }) | undefined;
  while (piece !== undefined) {
    if (piece.description !== undefined) return piece.description;
    piece = (piece.def.innerType ?? piece.def.in) as typeof piece;
  }
  return `set ${name}, or ${name}_FILE to a file that holds it`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
