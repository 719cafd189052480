/** WeChat's word for how a buyer pays. NATIVE scans a code, JSAPI pays inside WeChat, MWEB comes from another browser. */
export const tradeTypes = ['NATIVE', 'JSAPI', 'MWEB', 'APP'] as const;
export type TradeType = (typeof tradeTypes)[number];

/** The site that a browser pays from, as WeChat knows it. */
export interface Scene {
  wapUrl: string;
  wapName: string;
}

/** How one buyer wants to pay, with what WeChat has to be told about it. */
export type Way =
  | { tradeType: 'NATIVE' }
  /** The payer as the appid sees them: a mini-program's, or the account's own. */
  | { tradeType: 'JSAPI'; openid: string; appid?: string }
  | { tradeType: 'MWEB'; scene: Scene }
  /** An app has an appid of its own. */
  | { tradeType: 'APP'; appid: string };

interface WayRules {
  /** How long what WeChat answers is good for. */
  lifeMs: number;
  /** In its last minutes it is not handed out: the buyer still has to scan, look and type a password. */
  restMs: number;
}

const MINUTE_MS = 60_000;
const prepayId: WayRules = { lifeMs: 120 * MINUTE_MS, restMs: 5 * MINUTE_MS };

/** Lives of `code_url`, `prepay_id` and `mweb_url` (protocol: pay.weixin.qq.com/wiki/doc/api/H5.php?chapter=9_20). */
const rules: Readonly<Record<TradeType, WayRules>> = {
  NATIVE: prepayId,
  JSAPI: prepayId,
  APP: prepayId,
  // A browser goes there at once.
  MWEB: { lifeMs: 5 * MINUTE_MS, restMs: MINUTE_MS },
};

/** How long after WeChat's answer it may be handed to a buyer. */
export const handedOutForMs = (tradeType: TradeType): number => rules[tradeType].lifeMs - rules[tradeType].restMs;

/** The appid that a way is paid under. @param own that of the account, for ways without one of their own */
export const appidOf = (way: Way, own: string): string => ('appid' in way ? way.appid : undefined) ?? own;

/** What was prepared in one way serves another wish only if WeChat would be told the same. */
export const isSameWay = (
  attempt: { tradeType: TradeType; appid: string; payerOpenid: string | null },
  way: Way,
  { appid: own }: { appid: string },
): boolean =>
  attempt.tradeType === way.tradeType &&
  attempt.appid === appidOf(way, own) &&
  (way.tradeType !== 'JSAPI' || attempt.payerOpenid === way.openid);
