import { describe, expect, it } from '@jest/globals';
import { clientIp } from './input.ts';

describe('the address of a client', () => {
  const socket = { remoteAddress: '10.0.0.7' };

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    // Some proxies write the port, too.
    ['203.0.113.9:51234', '203.0.113.9'],
    ['[2001:db8::1]:51234', '2001:db8::1'],
    // What no address can be made of is not the client's: WeChat would refuse the whole order.
    ['unknown', '10.0.0.7'],
    ['x'.repeat(300), '10.0.0.7'],
  ])('%s is %s', (ip, expected) => {
    expect(clientIp({ ip, socket })).toBe(expected);
  });
});
