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
  fail: string;
  payerror: string;
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
    result: Record<'pay' | 'decline' | 'fail' | 'payerror', { heading: string; text: string }>;
    notPaid: { heading: string; text: string };
    attempt: string;
    accepted: string;
    repeated: string;
    noAnswer: string;
    noNotice: string;
    notices: string;
  };
}

export const phoneTexts: Record<Locale, PhoneTexts> = {
  zh: {
    name: '微信支付模拟器',
    title: '模拟手机',
    heading: '模拟手机',
    lead: '在这里扮演买家：扫码、付款，或选择不付。没有真实资金。',
    points: [
      '打开收银台后，二维码会自动出现在手机上。',
      '拒绝付款后，同一个二维码仍可再付。',
      '测试结果可以模拟最终失败和 PAYERROR。',
      '付款记录里可以看到发给商户的通知及其答复。',
    ],
    wallet: '钱包',
    simulated: '模拟',
    scan: '扫一扫',
    scanHint: '等待付款的二维码',
    codesEmpty: '没有等待付款的二维码。打开收银台后会自动出现。',
    paste: '或粘贴二维码内容',
    pasteButton: '打开',
    payments: '付款记录',
    paymentsEmpty: '还没有付款。',
    back: '返回',
    payTo: '付款给',
    pay: '立即支付',
    decline: '暂不支付',
    outcomes: '测试结果',
    outcomesHint: '用于检查商户如何处理失败。',
    fail: '最终失败（result_code=FAIL）',
    payerror: '支付错误（PAYERROR）',
    done: '完成',
    noScript: '模拟手机需要启用 JavaScript。',
    script: {
      pay: '立即支付 {amount}',
      paying: '正在支付…',
      until: '{time} 前有效',
      offline: '无法连接模拟器，正在重试…',
      unknownCode: '找不到这个二维码。',
      notACode: '请粘贴以 weixin:// 开头的二维码内容。',
      refused: '模拟器未接受：{reason}',
      state: {
        SUCCESS: '此二维码已付款。',
        CLOSED: '此订单已关闭，不能付款。',
        EXPIRED: '此二维码已过期。',
        OTHER: '此二维码现在不能付款（{state}）。',
      },
      result: {
        pay: { heading: '支付成功', text: '通知已发给商户。' },
        decline: { heading: '已放弃支付', text: '没有扣款，二维码仍可再付。' },
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
    },
  },
  en: {
    name: 'WeChat Pay simulator',
    title: 'Simulated phone',
    heading: 'The simulated phone',
    lead: 'Play the buyer here: scan a code and pay it, or decide not to. No real money moves.',
    points: [
      'Open a checkout page and its code appears on this phone.',
      'After declining, the same code can still be paid.',
      'The test outcomes play a final failure or PAYERROR.',
      'Past payments show the notifications sent and how they were answered.',
    ],
    wallet: 'Wallet',
    simulated: 'Simulated',
    scan: 'Scan',
    scanHint: 'Codes waiting for payment',
    codesEmpty: 'No code is waiting. Open a checkout page and it appears here.',
    paste: 'Or paste the text of a code',
    pasteButton: 'Open',
    payments: 'Past payments',
    paymentsEmpty: 'No payments yet.',
    back: 'Back',
    payTo: 'Pay to',
    pay: 'Pay',
    decline: 'Not now',
    outcomes: 'Test outcomes',
    outcomesHint: 'See how the merchant handles a failure.',
    fail: 'Final failure (result_code=FAIL)',
    payerror: 'Payment error (PAYERROR)',
    done: 'Done',
    noScript: 'The simulated phone needs JavaScript.',
    script: {
      pay: 'Pay {amount}',
      paying: 'Paying',
      until: 'valid until {time}',
      offline: 'The simulator cannot be reached, trying again.',
      unknownCode: 'This code is not known here.',
      notACode: 'Paste the text of a code; it begins with weixin://',
      refused: 'The simulator refused: {reason}',
      state: {
        SUCCESS: 'This code has been paid.',
        CLOSED: 'This order is closed and cannot be paid.',
        EXPIRED: 'This code has expired.',
        OTHER: 'This code cannot be paid now ({state}).',
      },
      result: {
        pay: { heading: 'Paid', text: 'The merchant is being notified.' },
        decline: { heading: 'Not paid', text: 'Nothing was charged. The code can still be paid.' },
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
    },
  },
};
