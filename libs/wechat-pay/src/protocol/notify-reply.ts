import { writeXml } from './xml.ts';

/**
 * The body that acknowledges a notification, with HTTP 200; to be sent only after the payment is committed. WeChat Pay
 * repeats whatever is answered otherwise.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_7.
 */
export const NOTIFY_SUCCESS =
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

/**
 * The body that asks WeChat Pay to repeat the notification.
 * @param message a fixed text; it leaves this system, so nothing of the notification or of an error belongs into it.
 */
export function notifyFail(message: string): string {
  return writeXml({ return_code: 'FAIL', return_msg: message });
}

/**
 * Pauses before each repeat of an unacknowledged notification, in seconds, each counted from the end of the try
 * before: 15 repeats within 24 h 4 min.
 * Source: pay.weixin.qq.com/doc/v2/merchant/4011937248.
 */
export const NOTIFY_REPEAT_SECONDS: readonly number[] = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
];

/** The pauses of the older documentation. */
export const LEGACY_NOTIFY_REPEAT_SECONDS: readonly number[] = [15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600];
