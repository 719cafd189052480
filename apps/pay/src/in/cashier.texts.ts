import { type Locale } from '#platform';

/** What the page says about one phase. `live` goes to the browser's tab and to screen readers when the phase begins. */
interface PhaseText {
  heading: string;
  text: string;
  live: string;
}

/** The phases a buyer can be shown, as the status view names them. */
export const phases = [
  'waiting',
  'confirming',
  'paid',
  'closing',
  'closed',
  'failed',
  'expired',
  'review',
  'refunding',
  'refunded',
] as const;
export type Phase = (typeof phases)[number];

interface WayTexts {
  opening: string;
  cancelled: string;
  notWechat: string;
  failed: string;
  refused: string;
  notOffered: string;
  noAnswer: string;
  notKnown: string;
  closing: Record<'native' | 'jsapi' | 'h5' | 'app', string>;
  closingWait: string;
  old: Record<'native' | 'jsapi' | 'h5', string>;
  retry: string;
  retryIn: string;
  askingLive: string;
}

export interface CashierTexts {
  name: string;
  payTo: string;
  amountDue: string;
  orderTotal: string;
  order: string;
  timeLeft: string;
  paidAt: string;
  state: string;
  qrLabel: string;
  codeLoading: string;
  codeOld: string;
  codeNew: string;
  codeFailed: string;
  retry: string;
  onPhone: string;
  codeElsewhere: string;
  codeHere: string;
  waysHeading: string;
  jsapiText: string;
  h5Text: string;
  payNow: string;
  showCode: string;
  otherWays: string;
  askingHeading: string;
  askingText: string;
  askAgain: string;
  payAgain: string;
  toSuccess: string;
  /** What the page's script says about the ways to pay. */
  script: WayTexts;
  again: string;
  backToShop: string;
  refund: string;
  refundGoing: string;
  refundDone: string;
  trust: string;
  demoPhone: string;
  reload: string;
  offline: string;
  gone: string;
  minutesLeft: string;
  phase: Record<Phase, PhaseText>;
}

export const cashierTexts: Record<Locale, CashierTexts> = {
  zh: {
    name: '收银台',
    payTo: '收款方',
    amountDue: '应付金额',
    orderTotal: '订单金额',
    order: '订单号',
    timeLeft: '剩余支付时间',
    paidAt: '支付时间',
    state: '支付状态',
    qrLabel: '微信支付二维码',
    codeLoading: '正在获取二维码…',
    codeOld: '二维码已失效',
    codeNew: '获取新二维码',
    codeFailed: '暂时无法获取二维码',
    retry: '重试',
    onPhone: '请用另一台手机的微信“扫一扫”付款，本页会自动更新。',
    codeElsewhere: '您已开始用另一种方式付款，请在那里继续。',
    codeHere: '改为在此扫码',
    waysHeading: '微信支付',
    jsapiText: '在微信中确认金额并付款，本页会自动更新。',
    h5Text: '将打开微信付款，完成后回到本页查看结果。',
    payNow: '立即支付',
    showCode: '显示二维码，用另一台手机付款',
    otherWays: '在这台手机上付款',
    askingHeading: '正在向微信查询',
    askingText: '如果您已付款，结果会自动显示在这里，请勿重复付款。',
    askAgain: '我已付款，再查一次',
    payAgain: '还没付款，返回支付',
    toSuccess: '即将返回商店…',
    script: {
      opening: '正在打开微信…',
      cancelled: '您没有完成付款。订单仍在等待支付。',
      notWechat: '没有等到微信的支付功能。请在微信中打开本页，或显示二维码。',
      failed: '微信没有完成付款：{reason}',
      refused: '微信没有接受这笔支付：{reason}',
      notOffered: '商家没有开通这种支付方式，请使用二维码。',
      noAnswer: '暂时没有得到答复，请再试一次，不会重复扣款。',
      notKnown: '微信没有确认付款人，请再试一次，或显示二维码。',
      closing: {
        native: '微信还保留着之前的二维码，暂时不能换用别的方式。',
        jsapi: '微信还保留着您在微信中开始的支付，暂时不能换用别的方式。',
        h5: '微信还保留着您在手机浏览器中开始的支付，暂时不能换用别的方式。',
        app: '微信还保留着您在应用中开始的支付，暂时不能换用别的方式。',
      },
      closingWait: '您可以继续用原来的方式付款，或稍后再换。',
      old: { native: '显示之前的二维码', jsapi: '继续在微信中付款', h5: '继续用微信付款' },
      retry: '换用此方式',
      retryIn: '{time} 后可换用',
      askingLive: '正在向微信查询付款结果',
    },
    again: '重新下单',
    backToShop: '返回商店',
    refund: '退款',
    refundGoing: '正在原路退回',
    refundDone: '已原路退回',
    trust: '付款在微信内完成，本页不会接触您的账户和密码。',
    demoPhone: '演示环境：打开模拟手机',
    reload: '刷新页面查看最新状态',
    offline: '网络连接中断，正在重新连接。恢复后页面会自动更新，请勿重复付款。',
    gone: '此页面已失效，请刷新。',
    minutesLeft: '还剩两分钟',
    phase: {
      waiting: {
        heading: '微信扫码支付',
        text: '打开微信“扫一扫”，付款后本页会自动更新。',
        live: '等待支付',
      },
      confirming: {
        heading: '已收到付款，正在确认',
        text: '通常只需片刻，请勿重复付款。',
        live: '已收到付款，正在确认',
      },
      paid: { heading: '支付成功', text: '商家已收到您的付款。', live: '支付成功' },
      closing: {
        heading: '正在关闭订单',
        text: '请勿再付款。如果您刚刚已付款，我们会查到并在此显示。',
        live: '正在关闭订单',
      },
      closed: { heading: '订单已取消', text: '此订单已关闭，原二维码不能再付款。', live: '订单已取消' },
      failed: { heading: '支付未成功', text: '微信未能完成这笔支付，订单已关闭。您可以重新下单。', live: '支付未成功' },
      expired: {
        heading: '支付时间已过',
        text: '请勿再扫描原二维码。如果您刚刚已付款，请保留此页，我们正在向微信查询。',
        live: '支付时间已过',
      },
      review: {
        heading: '商家正在核对付款',
        text: '收到的金额与订单不一致，商家会处理。您无需操作，请勿再次付款。',
        live: '商家正在核对付款',
      },
      refunding: {
        heading: '正在为您退款',
        text: '这笔订单没有成交。您付的款项会自动原路退回，您无需操作，请勿再次付款。',
        live: '正在为您退款',
      },
      refunded: {
        heading: '款项已退回',
        text: '这笔订单没有成交，您付的款项已退还给您。银行卡可能需要几天到账。',
        live: '款项已退回',
      },
    },
  },
  en: {
    name: 'Checkout',
    payTo: 'Pay to',
    amountDue: 'Amount due',
    orderTotal: 'Order total',
    order: 'Order',
    timeLeft: 'Time left to pay',
    paidAt: 'Paid',
    state: 'Payment state',
    qrLabel: 'QR code for WeChat Pay',
    codeLoading: 'Getting your code',
    codeOld: 'This code is too old',
    codeNew: 'Get a new code',
    codeFailed: 'The code could not be loaded',
    retry: 'Try again',
    onPhone: 'Scan this code with WeChat on another phone. This page follows by itself.',
    codeElsewhere: 'You have begun to pay in another way. Please go on there.',
    codeHere: 'Scan here instead',
    waysHeading: 'Pay with WeChat',
    jsapiText: 'WeChat asks you to confirm the amount. This page follows by itself.',
    h5Text: 'WeChat opens for the payment, and you come back here to see the result.',
    payNow: 'Pay',
    showCode: 'Show a code for another phone',
    otherWays: 'Pay on this phone instead',
    askingHeading: 'Asking WeChat',
    askingText: 'If you have paid, the result appears here by itself. Please do not pay twice.',
    askAgain: 'I have paid, ask again',
    payAgain: 'Not paid yet, back to paying',
    toSuccess: 'Taking you back to the shop',
    script: {
      opening: 'Opening WeChat',
      cancelled: 'You did not complete the payment. The order is still waiting for it.',
      notWechat: 'WeChat did not offer its payment here. Open this page inside WeChat, or show the code.',
      failed: 'WeChat did not complete the payment: {reason}',
      refused: 'WeChat did not accept this payment: {reason}',
      notOffered: 'The shop does not take payments in this way. Please use the code.',
      noAnswer: 'There is no answer right now. Please try again: you will not pay twice.',
      notKnown: 'WeChat did not confirm who is paying. Please try again, or show the code.',
      closing: {
        native: 'WeChat still keeps the code shown before, and cannot change to another way yet.',
        jsapi: 'WeChat still keeps the payment you began inside WeChat, and cannot change to another way yet.',
        h5: 'WeChat still keeps the payment you began in a phone’s browser, and cannot change to another way yet.',
        app: 'WeChat still keeps the payment you began in an app, and cannot change to another way yet.',
      },
      closingWait: 'You can go on paying in that way, or change a little later.',
      old: { native: 'Show the code from before', jsapi: 'Go on in WeChat', h5: 'Go on with WeChat' },
      retry: 'Change now',
      retryIn: 'Change in {time}',
      askingLive: 'Asking WeChat about your payment',
    },
    again: 'Order again',
    backToShop: 'Back to the shop',
    refund: 'Refund',
    refundGoing: 'on its way back to you',
    refundDone: 'paid back to where it came from',
    trust: 'You pay inside WeChat. This page never sees your account or password.',
    demoPhone: 'Demo: open the simulated phone',
    reload: 'Reload this page to see the latest state',
    offline: 'Connection lost, reconnecting. This page catches up by itself; please do not pay twice.',
    gone: 'This page is no longer valid. Please reload it.',
    minutesLeft: 'Two minutes left',
    phase: {
      waiting: {
        heading: 'Scan with WeChat',
        text: 'Open WeChat, tap Scan, and pay. This page follows by itself.',
        live: 'Waiting for your payment',
      },
      confirming: {
        heading: 'Payment received',
        text: 'We are confirming your order. This takes a moment; please do not pay again.',
        live: 'Payment received, confirming',
      },
      paid: { heading: 'Paid', text: 'The shop has your payment. Thank you.', live: 'Paid' },
      closing: {
        heading: 'Closing this order',
        text: 'Please do not pay any more. If you have just paid, we will find the payment and show it here.',
        live: 'Closing this order',
      },
      closed: {
        heading: 'Order cancelled',
        text: 'This order is closed and its code can no longer be paid.',
        live: 'Order cancelled',
      },
      failed: {
        heading: 'Payment did not go through',
        text: 'WeChat could not complete this payment and the order is closed. You can order again.',
        live: 'Payment did not go through',
      },
      expired: {
        heading: 'Time is up',
        text: 'Please do not scan the old code. If you have just paid, keep this page open: we are asking WeChat.',
        live: 'Time is up',
      },
      review: {
        heading: 'The shop is checking your payment',
        text: 'The amount received differs from the order. You need not do anything; please do not pay again.',
        live: 'The shop is checking your payment',
      },
      refunding: {
        heading: 'We are refunding you',
        text: 'This order was not completed. What you paid goes back by itself to where it came from; please do not pay again.',
        live: 'We are refunding you',
      },
      refunded: {
        heading: 'Refunded',
        text: 'This order was not completed, and what you paid was given back to you. A bank card may take some days.',
        live: 'Refunded',
      },
    },
  },
};
