const BEIJING_OFFSET_MS = 8 * 3_600_000;
const FORM = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;

/**
 * The protocol's time: `yyyyMMddHHmmss` in Beijing (UTC+8, no daylight saving), whatever the zone of this machine.
 * Parts of a second are cut off.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_2.
 * @throws RangeError for an invalid date or a year that has not four digits.
 */
export function beijingTime(date: Date): string {
  const iso = new Date(date.getTime() + BEIJING_OFFSET_MS).toISOString();
  if (!/^\d{4}-/.test(iso)) throw new RangeError('the year has not four digits');
  return iso.slice(0, 19).replace(/\D/g, '');
}

/**
 * Reads the protocol's time.
 * @throws RangeError for another form or a day that does not exist.
 */
export function fromBeijingTime(text: string): Date {
  const parts = FORM.exec(text);
  if (parts === null) throw new RangeError('not a time of the form yyyyMMddHHmmss');
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute, second);
  const date = new Date(utc.getTime() - BEIJING_OFFSET_MS);
  // Date carries overflow into the next unit (February 30th); only a real time comes back unchanged.
  if (beijingTimeOrNothing(date) !== text) throw new RangeError('not an existing time');
  return date;
}

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/;

/**
 * The form in which refunds and bills tell a time: `yyyy-MM-dd HH:mm:ss`, Beijing too.
 * @throws RangeError as beijingTime.
 */
export function beijingDateTime(date: Date): string {
  return beijingTime(date).replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3 $4:$5:$6');
}

/**
 * Reads the time of a refund or of a row of a bill.
 * @throws RangeError for another form or a day that does not exist.
 */
export function fromBeijingDateTime(text: string): Date {
  if (!DATE_TIME.test(text)) throw new RangeError('not a time of the form yyyy-MM-dd HH:mm:ss');
  return fromBeijingTime(text.replace(/\D/g, ''));
}

function beijingTimeOrNothing(date: Date): string | undefined {
  try {
    return beijingTime(date);
  } catch {
    return undefined;
  }
}
