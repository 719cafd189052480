import { readFileSync } from 'node:fs';

// Vectors that neither side of this repository made: client and simulator cannot be wrong together.

export interface Vector {
  readonly id: string;
  readonly group: string;
  readonly algorithm: string;
  readonly note: string;
  readonly key: string;
  readonly derivedKey: string;
  readonly valid?: boolean;
  readonly stringToSign: string;
  readonly url: string;
  readonly rfc3339: string;
  readonly expected: string & {
    readonly columns: number;
    readonly rows: number;
    readonly name: string;
    readonly orders: string;
    readonly fee: string;
  };
  readonly input: {
    readonly params: Record<string, string>;
    readonly xml: string;
    readonly fields: Record<string, string>;
    readonly epochMs: number;
    readonly plaintext: string;
    readonly text: string;
  };
}

const file = new URL('../vectors/v2.json', import.meta.url);

export const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: Vector[] };

export function vector(id: string): Vector {
  const found = vectors.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no vector ${id}`);
  return found;
}
