import { describe, expect, it } from '@jest/globals';
import { mayNotify } from './notify-allow-list.ts';

describe('mayNotify', () => {
  it.each(['http://127.0.0.1:3001/notify', 'http://localhost/n', 'https://[::1]:1/n'])(
    'lets %s pass by default',
    (url) => {
      expect(mayNotify(url, [])).toBe(true);
    },
  );

  it.each([
    'http://127.0.0.1.evil.test/n',
    'http://169.254.169.254/latest',
    'http://user@127.0.0.1/n',
    'ftp://127.0.0.1/n',
    'http://[::ffff:10.0.0.1]/n',
    'nonsense',
  ])('stops %s by default', (url) => {
    expect(mayNotify(url, [])).toBe(false);
  });

  it('compares origin and path of a configured address, piece by piece', () => {
    const allowed = ['http://pay:3001/weixin'];
    expect(mayNotify('http://pay:3001/weixin', allowed)).toBe(true);
    expect(mayNotify('http://pay:3001/weixin/notify', allowed)).toBe(true);
    expect(mayNotify('http://pay:3001/weixinevil', allowed)).toBe(false);
    expect(mayNotify('http://pay:3001/weixin/../admin', allowed)).toBe(false);
    expect(mayNotify('http://pay:30010/weixin', allowed)).toBe(false);
    expect(mayNotify('http://127.0.0.1/weixin', allowed)).toBe(false);
  });
});
