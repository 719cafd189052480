/** Just enough DER (ITU-T X.690) to write certificates and a PKCS#12 file; Node can read but not make them. */

const tagged = (tag: number, content: Uint8Array): Buffer => {
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) size.unshift(rest & 0xff);
  const header = length < 128 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from(header), content]);
};

export const sequence = (...parts: Uint8Array[]): Buffer => tagged(0x30, Buffer.concat(parts));
export const set = (...parts: Uint8Array[]): Buffer => tagged(0x31, Buffer.concat(parts));
export const octets = (content: Uint8Array): Buffer => tagged(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  tagged(0x03, Buffer.concat([Buffer.from([unused]), content]));
export const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const nothing = Buffer.from([0x05, 0x00]);
/** BMPString: UTF-16, high byte first. */
export const bmp = (text: string): Buffer => tagged(0x1e, Buffer.from(text, 'utf16le').swap16());

/** A positive integer from its bytes, high byte first. */
export const integer = (bytes: Uint8Array | number): Buffer => {
  const value = typeof bytes === 'number' ? Buffer.from([bytes >> 24, bytes >> 16, bytes >> 8, bytes]) : bytes;
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start += 1;
  const short = value.subarray(start);
  return tagged(0x02, (short[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), short]) : short);
};

/** An object identifier from its dotted form. */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second].concat(
    rest.flatMap((arc) => {
      const septets = [arc & 0x7f];
      for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
      return septets;
    }),
  );
  return tagged(0x06, Buffer.from(bytes));
};

/** `[n]`, explicit: around a whole element. */
export const explicit = (n: number, ...parts: Uint8Array[]): Buffer => tagged(0xa0 | n, Buffer.concat(parts));
/** `[n]`, implicit and primitive: in place of the element's own tag. */
export const implicit = (n: number, content: Uint8Array): Buffer => tagged(0x80 | n, content);

/** UTCTime up to 2049, GeneralizedTime after, as X.509 wants it. */
export const time = (at: Date): Buffer => {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
};

export const pem = (label: string, der: Uint8Array): string => {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
};
