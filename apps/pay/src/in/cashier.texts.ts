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
        text: '付款到达时订单已经结束。款项会自动原路退回，您无需操作，请勿再次付款。',
        live: '正在为您退款',
      },
      refunded: {
        heading: '款项已退回',
        text: '付款到达时订单已经结束，款项已原路退回。银行卡可能需要几天到账。',
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
        text: 'Your payment arrived after this order had ended. The money goes back by itself to where it came from; please do not pay again.',
        live: 'We are refunding you',
      },
      refunded: {
        heading: 'Refunded',
        text: 'Your payment arrived after this order had ended, and the money went back to where it came from. A bank card may take some days.',
        live: 'Refunded',
      },
    },
  },
};
