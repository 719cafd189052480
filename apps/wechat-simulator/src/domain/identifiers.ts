/** The shapes of the numbers WeChat Pay gives out. Nothing can be read from them but prefix and length. */

/** `count` random characters out of `alphabet`. */
export type RandomText = (count: number, alphabet: string) => string;

const DIGITS = '0123456789';
const HEX = `${DIGITS}abcdef`;
const LETTERS_AND_DIGITS = `${DIGITS}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz`;

/** `yyyyMMddHHmmss` in China, which is UTC+8 all year. */
export const inChina = (at: number): string =>
  new Date(at + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);

/** 28 digits: `4200`, 6 digits, the day in China, 10 digits. */
export const newTransactionId = (at: number, random: RandomText): string =>
  `4200${random(6, DIGITS)}${inChina(at).slice(0, 8)}${random(10, DIGITS)}`;

/** `wx`, day and time in China (`ddHHmmss`), 26 characters: 36 in all. */
export const newPrepayId = (at: number, random: RandomText): string =>
  `wx${inChina(at).slice(6)}${random(22, HEX)}0000`;

/** What a QR code shows. */
export const newCodeUrl = (random: RandomText): string =>
  `weixin://wxpay/bizpayurl?pr=${random(9, LETTERS_AND_DIGITS)}`;

/** 29 digits: `50`, 9 digits, the day in China, 10 digits. */
export const newRefundId = (at: number, random: RandomText): string =>
  `50${random(9, DIGITS)}${inChina(at).slice(0, 8)}${random(10, DIGITS)}`;

/** Where the browser goes for MWEB, below the address of the gateway. */
export const newMwebPath = (prepayId: string, random: RandomText): string =>
  `/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}&package=${random(10, DIGITS)}`;

export const newShortUrl = (random: RandomText): string => `weixin://wxpay/s/${random(7, LETTERS_AND_DIGITS)}`;

export const newCouponId = (random: RandomText): string => random(12, DIGITS);

export const newOauthCode = (random: RandomText): string => random(32, LETTERS_AND_DIGITS);

const openids = /^oPaypair.{9}Phone000001$/;

/** The one user who owns the phone, as an account sees them: 28 characters, others for every account. */
export const phoneOpenid = (appid: string): string => `oPaypair${appid.slice(-9).padStart(9, '0')}Phone000001`;

/** Whether this is the owner of the phone as another account sees them. Who anybody else is, is not known here. */
export const isForeignOpenid = (openid: string, appid: string): boolean =>
  openids.test(openid) && openid !== phoneOpenid(appid);
