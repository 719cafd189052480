import { describe, expect, it } from '@jest/globals';
import { deviceOf } from './device.ts';

const safari = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('what a cashier page is open in', () => {
  it.each([
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${safari} Mobile/15E148 MicroMessenger/8.0.50(0x1800323d)`,
      'wechat',
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; V2309A) ${chrome} Chrome/126.0 Mobile Safari/537.36 XWEB/1260 MicroMessenger/8.0.49`,
      'wechat',
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${safari} Version/17.5 Mobile/15E148 Safari/604.1`,
      'mobile',
    ],
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${chrome} Chrome/126.0.0.0 Mobile Safari/537.36`, 'mobile'],
    ['Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0', 'mobile'],
    [`Mozilla/5.0 (Linux; Android 13; SM-X700) ${chrome} Chrome/126.0.0.0 Safari/537.36`, 'desk'],
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${safari} Version/17.5 Safari/605.1.15`, 'desk'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Chrome/126.0.0.0 Safari/537.36`, 'desk'],
    ['', 'desk'],
    [undefined, 'desk'],
  ] as const)('%s: %s', (userAgent, device) => expect(deviceOf(userAgent)).toBe(device));
});
