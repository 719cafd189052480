/** The faults that tests can ask for, and nothing about when they strike (see `fault-plan.ts`). */

export const endpointNames = [
  'unifiedorder',
  'orderquery',
  'closeorder',
  'refund',
  'refundquery',
  'downloadbill',
  'shorturl',
] as const;
export type EndpointName = (typeof endpointNames)[number];

/** What comes instead of the right answer; the request was done. */
export const wrongAnswers = [
  'html',
  'empty',
  'half-xml',
  'huge',
  'wrong-sign',
  'no-sign',
  'other-order',
  'other-appid',
] as const;
export type WrongAnswer = (typeof wrongAnswers)[number];

/** Applies to the next `times` requests (without it: to all); several members may be combined. */
export interface EndpointFault {
  /** The connection is ended at once; nothing is done. */
  cut?: boolean | undefined;
  /** HTTP status 500–599 with an HTML page; nothing is done. */
  refuse?: number | undefined;
  /** Nothing is done, and after this time the connection is ended. */
  hangMs?: number | undefined;
  /** Done at once, answered later. */
  answerAfterMs?: number | undefined;
  /** Done, but the connection is ended instead of an answer. */
  dropAnswer?: boolean | undefined;
  /** `SYSTEMERROR`, without doing it or after doing it. */
  systemError?: 'before' | 'after' | undefined;
  /** This `err_code`; nothing is done. */
  error?: string | undefined;
  /** `return_code=FAIL` with this `return_msg`, such as 频率限制; nothing is done. */
  returnFail?: string | undefined;
  /** Done, but this is the answer. */
  answer?: WrongAnswer | undefined;
  /** HTTP status of the answer, whatever it is. */
  status?: number | undefined;
  /** The answer has a field that no documentation knows, signed like the others. */
  unknownField?: boolean | undefined;
  times?: number | undefined;
}

/** What comes instead of an openid; the code was exchanged. */
export const wrongIdentities = ['html', 'empty', 'half-json', 'huge', 'no-openid'] as const;

/** Of the exchange of an OAuth code; members mean what they mean for an endpoint. */
export interface OauthFault extends Pick<
  EndpointFault,
  'cut' | 'refuse' | 'hangMs' | 'answerAfterMs' | 'dropAnswer' | 'times'
> {
  /** This `errcode`, for example 45011; the code is not used up. */
  errcode?: number | undefined;
  answer?: (typeof wrongIdentities)[number] | undefined;
}

/**
 * What a message is made of that WeChat Pay never sent. `sign`: a wrong signature; `unsigned`: none; `amount`,
 * `appid`, `mch_id`, `order`: changed without signing again; `fail`: says that the payment failed, unsigned;
 * `doctype`: an XML entity.
 */
export const forgeries = ['sign', 'unsigned', 'amount', 'appid', 'mch_id', 'order', 'fail', 'doctype'] as const;
export type Forgery = (typeof forgeries)[number];

export interface NotifyFaults {
  /** Share of tries that get lost on the way (0–1). */
  dropRate: number;
  /** Share of tries that are sent twice at the same time (0–1). */
  duplicateRate: number;
  /** Wait before each try. */
  delayMs: number;
  /** A further wait of up to this long, by chance: tries overtake each other. */
  jitterMs: number;
  /** The body is sent in two halves, so long apart. */
  slowMs: number;
  /** Added to the amount in the message: a notification that contradicts the order query. */
  amountDelta: number;
  /** Share of tries that a forged message goes ahead of (0–1), and of which kind. */
  forgeRate: number;
  forgery: Forgery;
  /** Whether `sign_type`, unknown and empty fields are there: as WeChat does it (now and then), always, or never. */
  signType: Shown;
  unknownFields: Shown;
  emptyFields: Shown;
  seed: number;
  /** All notifications get lost. */
  off: boolean;
}
export type Shown = 'usual' | 'always' | 'never';

export const noNotifyFaults: NotifyFaults = {
  dropRate: 0,
  duplicateRate: 0,
  delayMs: 0,
  jitterMs: 0,
  slowMs: 0,
  amountDelta: 0,
  forgeRate: 0,
  forgery: 'sign',
  signType: 'usual',
  unknownFields: 'usual',
  emptyFields: 'usual',
  seed: 1,
  off: false,
};

/** The faults of one order come before all others; what they leave open is as everywhere. */
export type OrderFaults = Partial<Record<EndpointName, EndpointFault>> & { notify?: Partial<NotifyFaults> };

/** Requests that meet a fault by chance: which of them and which fault depends on the seed and the count alone. */
export interface RandomFaults {
  seed: number;
  /** Share of requests (0–1). */
  share: number;
  /** Absent: all. */
  endpoints?: EndpointName[] | undefined;
  choose: EndpointFault[];
}

export interface Faults {
  notify: NotifyFaults;
  endpoints: Partial<Record<EndpointName, EndpointFault>>;
  /** By `out_trade_no`. */
  orders: Record<string, OrderFaults>;
  random?: RandomFaults | undefined;
  oauth?: OauthFault | undefined;
}

export const noFaults: Faults = { notify: noNotifyFaults, endpoints: {}, orders: {} };

/** What a network and a gateway do to requests on a bad day. */
export const badDay: EndpointFault[] = [
  { cut: true },
  { refuse: 502 },
  { hangMs: 3_000 },
  { answerAfterMs: 3_000 },
  { dropAnswer: true },
  { systemError: 'before' },
  { systemError: 'after' },
  { returnFail: '频率限制' },
  { answer: 'html', status: 502 },
  { answer: 'empty' },
  { answer: 'half-xml' },
  { answer: 'wrong-sign' },
];
