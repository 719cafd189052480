import type { DataSource } from 'typeorm';

export type Row = Record<string, unknown>;
export interface Page {
  rows: Row[];
  /** The cursor of the following page. */
  next: string | null;
}

const PAGE = 100;
const HIGHEST = '9223372036854775807';

/**
 * One page of a table, newest first.
 * @param sql ends with its ORDER BY; its first parameter is the cursor: rows below it are wanted
 * @param id the column that counts the rows up
 */
export async function listPage(
  dataSource: DataSource,
  sql: string,
  id: string,
  cursor: string | undefined,
  ...values: string[]
): Promise<Page> {
  const rows = await dataSource.query<Row[]>(`${sql} LIMIT ?`, [cursor ?? HIGHEST, ...values, PAGE + 1]);
  const page = rows.slice(0, PAGE);
  const last = page.at(-1)?.[id];
  const next = rows.length > PAGE && (typeof last === 'string' || typeof last === 'number') ? String(last) : null;
  return { rows: page.map(camelCased), next };
}

/** Columns as JSON names them. */
export const camelCased = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
