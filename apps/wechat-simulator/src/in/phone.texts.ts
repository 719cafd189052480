import { type Locale } from '#platform';

/** Everything the phone says. The members of `script` are used by the page's script. */
export interface PhoneTexts {
  name: string;
  title: string;
  heading: string;
  lead: string;
  points: readonly string[];
  wallet: string;
  simulated: string;
  scan: string;
  scanHint: string;
  codesEmpty: string;
  paste: string;
  pasteButton: string;
  payments: string;
  paymentsEmpty: string;
  back: string;
  payTo: string;
  pay: string;
  decline: string;
  outcomes: string;
  outcomesHint: string;
  coupon: string;
  coupons: Record<'none' | 'CASH' | 'NO_CASH', string>;
  notenough: string;
  leave: string;
  fail: string;
  payerror: string;
  toShop: string;
  done: string;
  noScript: string;
  script: {
    pay: string;
    paying: string;
    until: string;
    offline: string;
    unknownCode: string;
    notACode: string;
    refused: string;
    state: Record<string, string>;
    result: Record<'pay' | 'decline' | 'notenough' | 'leave' | 'fail' | 'payerror', { heading: string; text: string }>;
    notPaid: { heading: string; text: string };
    attempt: string;
    accepted: string;
    repeated: string;
    noAnswer: string;
    noNotice: string;
    notices: string;
    scanRefused: string;
    scanning: string;
    couponFee: string;
    couponUsed: string;
    refunded: string;
    refund: string;
    refundStatus: Record<'PROCESSING' | 'SUCCESS' | 'REFUNDCLOSE' | 'CHANGE', string>;
  };
}

export const phoneTexts: Record<Locale, PhoneTexts> = {
  zh: {
    name: '微信支付模拟器',
    title: '模拟手机',
    heading: '模拟手机',
    lead: '在这里扮演买家：扫码、付款，或选择不付。没有真实资金。',
    points: [
      '打开收银台后，二维码会自动出现在手机上；商品码、短链接和 prepay_id 也能打开。',
      '拒绝付款后，同一个二维码仍可再付。',
      '可以使用优惠券、余额不足、中途离开，或让支付失败。',
      '付款记录里可以看到退款、发给商户的通知及其答复。',
    ],
    wallet: '钱包',
    simulated: '模拟',
    scan: '扫一扫',
    scanHint: '等待付款的二维码',
    codesEmpty: '没有等待付款的二维码。打开收银台后会自动出现。',
    paste: '或粘贴二维码、商品码、prepay_id 或支付参数',
    pasteButton: '打开',
    payments: '付款记录',
    paymentsEmpty: '还没有付款。',
    back: '返回',
    payTo: '付款给',
    pay: '立即支付',
    decline: '暂不支付',
    outcomes: '测试结果',
    outcomesHint: '用于检查商户如何处理失败。',
    coupon: '优惠券',
    coupons: { none: '不使用', CASH: '预充值代金券', NO_CASH: '免充值代金券' },
    notenough: '余额不足',
    leave: '离开，不输入密码（USERPAYING）',
    fail: '最终失败（result_code=FAIL）',
    payerror: '支付错误（PAYERROR）',
    toShop: '返回商家',
    done: '完成',
    noScript: '模拟手机需要启用 JavaScript。',
    script: {
      pay: '立即支付 {amount}',
      paying: '正在支付…',
      until: '{time} 前有效',
      offline: '无法连接模拟器，正在重试…',
      unknownCode: '找不到这个二维码。',
      notACode: '请先粘贴要打开的内容。',
      refused: '模拟器未接受：{reason}',
      state: {
        SUCCESS: '此二维码已付款。',
        REFUND: '此二维码已付款，并有退款。',
        CLOSED: '此订单已关闭，不能付款。',
        EXPIRED: '此二维码已过期。',
        OTHER: '此二维码现在不能付款（{state}）。',
      },
      result: {
        pay: { heading: '支付成功', text: '通知已发给商户。' },
        decline: { heading: '已放弃支付', text: '没有扣款，二维码仍可再付。' },
        notenough: { heading: '余额不足', text: '没有扣款，商户不会知道，二维码仍可再付。' },
        leave: { heading: '已离开', text: '没有扣款，商户查询此订单会得到 USERPAYING。' },
        fail: { heading: '支付失败', text: '已向商户发送签名的失败通知（result_code=FAIL）。' },
        payerror: { heading: '支付错误', text: '商户查询此订单会得到 PAYERROR。' },
      },
      notPaid: { heading: '没有付款', text: '模拟器答复的状态是 {state}。' },
      attempt: '第 {count} 次通知',
      accepted: '商户已确认',
      repeated: '未确认',
      noAnswer: '没有答复',
      noNotice: '尚未发送通知。',
      notices: '通知 {count} 次',
      scanRefused: '商户未接受扫码：{reason}',
      scanning: '打开中…',
      couponFee: '−{amount}',
      couponUsed: '优惠券 −{amount}',
      refunded: '已退款 {amount}',
      refund: '退款 {amount}',
      refundStatus: { PROCESSING: '处理中', SUCCESS: '已退回', REFUNDCLOSE: '已关闭', CHANGE: '退款异常' },
    },
  },
  en: {
    name: 'WeChat Pay simulator',
    title: 'Simulated phone',
    heading: 'The simulated phone',
    lead: 'Play the buyer here: scan a code and pay it, or decide not to. No real money moves.',
    points: [
      'Open a checkout page and its code appears on this phone; product codes, short links and prepay ids open too.',
      'After declining, the same code can still be paid.',
      'Use a coupon, run out of money, walk away, or let the payment fail.',
      'Past payments show refunds, and how every notification was answered.',
    ],
    wallet: 'Wallet',
    simulated: 'Simulated',
    scan: 'Scan',
    scanHint: 'Codes waiting for payment',
    codesEmpty: 'No code is waiting. Open a checkout page and it appears here.',
    paste: 'Or paste a code, product code, prepay_id or payment parameters',
    pasteButton: 'Open',
    payments: 'Past payments',
    paymentsEmpty: 'No payments yet.',
    back: 'Back',
    payTo: 'Pay to',
    pay: 'Pay',
    decline: 'Not now',
    outcomes: 'Test outcomes',
    outcomesHint: 'See how the merchant handles a failure.',
    coupon: 'Coupon',
    coupons: { none: 'None', CASH: 'Prepaid coupon', NO_CASH: 'Unfunded coupon' },
    notenough: 'Not enough balance',
    leave: 'Leave before the password (USERPAYING)',
    fail: 'Final failure (result_code=FAIL)',
    payerror: 'Payment error (PAYERROR)',
    toShop: 'Back to the shop',
    done: 'Done',
    noScript: 'The simulated phone needs JavaScript.',
    script: {
      pay: 'Pay {amount}',
      paying: 'Paying',
      until: 'valid until {time}',
      offline: 'The simulator cannot be reached, trying again.',
      unknownCode: 'This code is not known here.',
      notACode: 'Paste what is to be opened first.',
      refused: 'The simulator refused: {reason}',
      state: {
        SUCCESS: 'This code has been paid.',
        REFUND: 'This code has been paid, and there is a refund.',
        CLOSED: 'This order is closed and cannot be paid.',
        EXPIRED: 'This code has expired.',
        OTHER: 'This code cannot be paid now ({state}).',
      },
      result: {
        pay: { heading: 'Paid', text: 'The merchant is being notified.' },
        decline: { heading: 'Not paid', text: 'Nothing was charged. The code can still be paid.' },
        notenough: {
          heading: 'Not enough balance',
          text: 'Nothing was charged and the merchant does not know. The code can still be paid.',
        },
        leave: { heading: 'You left', text: 'Nothing was charged. A query for this order now answers USERPAYING.' },
        fail: { heading: 'Payment failed', text: 'The merchant gets a signed notification with result_code=FAIL.' },
        payerror: { heading: 'Payment error', text: 'A query for this order now answers PAYERROR.' },
      },
      notPaid: { heading: 'Not paid', text: 'The simulator answered the state {state}.' },
      attempt: 'Notification {count}',
      accepted: 'accepted',
      repeated: 'not accepted',
      noAnswer: 'no answer',
      noNotice: 'No notification sent yet.',
      notices: 'notified {count}×',
      scanRefused: 'The merchant did not accept the scan: {reason}',
      scanning: 'Opening',
      couponFee: '−{amount}',
      couponUsed: 'Coupon −{amount}',
      refunded: '{amount} refunded',
      refund: 'Refund {amount}',
      refundStatus: { PROCESSING: 'processing', SUCCESS: 'paid back', REFUNDCLOSE: 'closed', CHANGE: 'needs care' },
    },
  },
};
