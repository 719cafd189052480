/** Column options that several tables share. Numbers and states are compared byte by byte, so their text is ascii_bin. */
export const ascii = (length: number) =>
  ({ type: 'varchar', length: String(length), charset: 'ascii', collation: 'ascii_bin' }) as const;
export const time = { type: 'datetime', precision: 3 } as const;
export const fen = { type: 'bigint', unsigned: true } as const;
export const count = { type: 'int', unsigned: true } as const;
