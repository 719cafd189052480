import { describe, expect, it } from '@jest/globals';
import { PNG } from 'pngjs';
import { smallPng } from './small-png.ts';

const WIDTH = 64;
const HEIGHT = 48;

/** A picture whose colours `colourOf` says, by the number of the pixel. */
function picture(colourOf: (at: number) => readonly [number, number, number]): Buffer {
  const png = new PNG({ width: WIDTH, height: HEIGHT });
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) png.data.set([...colourOf(at), 255], at * 4);
  return PNG.sync.write(png);
}

const pixelsOf = (png: Buffer): Buffer => {
  const { width, height, data } = PNG.sync.read(png);
  expect([width, height]).toEqual([WIDTH, HEIGHT]);
  return data;
};

describe('a picture with few colours', () => {
  it('stays the same, pixel by pixel, and becomes smaller', () => {
    const before = picture((at) => [at % 16, 255 - (at % 16), at % 2 === 0 ? 7 : 200]);
    const after = smallPng(before);
    expect(pixelsOf(after).equals(pixelsOf(before))).toBe(true);
    expect(after.length).toBeLessThan(before.length);
  });

  it('is nearly the same when it had too many', () => {
    const before = picture((at) => [at % 64, Math.floor(at / 64), 128]);
    const [a, b] = [pixelsOf(before), pixelsOf(smallPng(before))];
    const apart = a.map((value, at) => Math.abs(value - (b[at] ?? 0)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(8);
    expect(new Set(Array.from({ length: WIDTH * HEIGHT }, (_, at) => b.readUInt32BE(at * 4))).size).toBeLessThanOrEqual(
      256,
    );
  });
});
