import type { Logger } from '@nestjs/common';
import { counter } from '#platform';

/** Somebody answers who is not WeChat, or WeChat answers about something that was not asked. */
const STRANGE = /^(answer for another |wrong sign$|answer without sign$)/;

const distrusted = counter(
  'paypair_pay_wechat_distrusted_total',
  'Answers that are not WeChat’s, or not about what was asked',
  ['reason'],
);

/** Raises the alarm for an answer that was not believed. Trouble that every network has raises none. */
export function reportIfStrange(logger: Logger, reason: string): void {
  if (!STRANGE.test(reason)) return;
  distrusted.inc({ reason });
  logger.error({ reason }, 'an answer was not believed: is somebody between us and WeChat, or has the key changed?');
}
