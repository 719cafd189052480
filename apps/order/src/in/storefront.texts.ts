import { type Locale } from '#platform';
import { type OrderStatus } from '../domain/order-states.ts';
import { type RefundOrigin, type RefundState } from '../domain/refund.ts';

/** Everything the storefront says. The members of `script` are used by the page's script. */
export interface StorefrontTexts {
  name: string;
  title: string;
  heading: string;
  lead: string;
  basket: string;
  basketEmpty: string;
  buy: string;
  less: string;
  add: string;
  code: string;
  orders: string;
  ordersEmpty: string;
  orderNo: string;
  pay: string;
  cancel: string;
  history: string;
  noScript: string;
  script: {
    stock: string;
    lastOnes: string;
    soldOut: string;
    onlyLeft: string;
    added: string;
    buying: string;
    buy: string;
    cancel: string;
    cancelSure: string;
    points: string;
    refund: string;
    refundState: Record<RefundState, string>;
    refundReason: Partial<Record<RefundOrigin, string>>;
    loadFailed: string;
    ordersFailed: string;
    status: Record<OrderStatus, string>;
    reason: Record<string, string>;
    problem: Record<string, string>;
  };
}

export const storefrontTexts: Record<Locale, StorefrontTexts> = {
  zh: {
    name: '演示商店',
    title: '演示商店',
    heading: '今日上架',
    lead: '演示环境，用模拟手机付款，不会产生真实扣款。',
    basket: '购物袋',
    basketEmpty: '选好商品后在这里下单。',
    buy: '去支付',
    less: '减少一件',
    add: '加入购物袋',
    code: '商品码',
    orders: '我的订单',
    ordersEmpty: '还没有订单。',
    orderNo: '订单号',
    pay: '继续支付',
    cancel: '取消订单',
    history: '订单详情',
    noScript: '商店需要启用 JavaScript。支付页面不需要。',
    script: {
      stock: '库存 {count}',
      lastOnes: '仅剩 {count} 件',
      soldOut: '已售罄',
      onlyLeft: '库存不足，仅剩 {count} 件',
      added: '{title}，共 {count} 件',
      buying: '正在下单…',
      buy: '去支付',
      cancel: '取消订单',
      cancelSure: '确认取消？',
      points: '获得 {count} 积分',
      refund: '退款 {amount}',
      refundState: {
        REQUESTED: '退款中',
        SUCCESS: '已退回',
        REFUSED: '未受理',
        CLOSED: '已关闭',
        ABNORMAL: '需商家处理',
        REPAID: '已由商家退还',
      },
      refundReason: { LATE: '付款到达时订单已结束', DOUBLE: '重复付款', REVIEW: '金额不一致', CONSOLE: '商家退款' },
      loadFailed: '暂时无法读取商品，正在重试…',
      ordersFailed: '暂时无法读取订单，正在重试…',
      status: {
        WAIT_PAY: '待支付',
        CLOSING: '关闭中',
        PAID: '已支付',
        CANCELLED: '已取消',
        PAY_FAILED: '支付失败',
        REVIEW: '核对中',
        PART_REFUNDED: '部分退款',
        REFUNDED: '已退款',
      },
      reason: {
        placed: '下单',
        'time is up': '支付超时',
        'cancelled by buyer': '买家取消',
        'payment failed': '支付失败',
        'amount differs': '金额不一致',
        'closed after timeout': '支付超时，微信已关闭',
        'closed after buyer': '买家取消，微信已关闭',
        'closed after failed': '支付失败，微信已关闭',
        'paid (notify)': '付款到账（通知）',
        'paid (query)': '付款到账（查询）',
        'paid (close)': '付款到账（关闭时查到）',
      },
      problem: {
        OUT_OF_STOCK: '有商品库存不足，请调整数量后再试。',
        UNKNOWN_PRODUCT: '有商品已下架，请重新选择。',
        AMOUNT_TOO_LARGE: '金额超过单笔上限，请减少数量。',
        INVALID_INPUT: '数量有误，请检查后再试。',
        NO_ANSWER: '没有收到服务器的答复。再点一次即可，不会重复下单。',
        IDEMPOTENCY_KEY_BUSY: '订单正在处理。再点一次即可，不会重复下单。',
        NOT_CANCELLABLE: '此订单的状态已改变，不能取消。',
        OTHER: '暂时无法完成，请稍后再试。（{code}）',
      },
    },
  },
  en: {
    name: 'Demo shop',
    title: 'Demo shop',
    heading: 'On the shelf today',
    lead: 'A demonstration: you pay with the simulated phone, and no real money moves.',
    basket: 'Your bag',
    basketEmpty: 'Pick something and order it here.',
    buy: 'Go to payment',
    less: 'One less',
    add: 'Add to bag',
    code: 'Product code',
    orders: 'My orders',
    ordersEmpty: 'No orders yet.',
    orderNo: 'Order',
    pay: 'Continue to payment',
    cancel: 'Cancel order',
    history: 'Details',
    noScript: 'The shop needs JavaScript. The payment page does not.',
    script: {
      stock: '{count} in stock',
      lastOnes: 'Last {count}',
      soldOut: 'Sold out',
      onlyLeft: 'Only {count} left',
      added: '{title}: {count} in your bag',
      buying: 'Placing your order',
      buy: 'Go to payment',
      cancel: 'Cancel order',
      cancelSure: 'Really cancel?',
      points: '{count} points earned',
      refund: 'Refund of {amount}',
      refundState: {
        REQUESTED: 'on its way',
        SUCCESS: 'paid back',
        REFUSED: 'not accepted',
        CLOSED: 'closed',
        ABNORMAL: 'the shop takes care of it',
        REPAID: 'paid back by the shop',
      },
      refundReason: {
        LATE: 'your payment came after the order had ended',
        DOUBLE: 'paid twice',
        REVIEW: 'the amount differed',
        CONSOLE: 'given back by the shop',
      },
      loadFailed: 'Products cannot be read right now, trying again.',
      ordersFailed: 'Orders cannot be read right now, trying again.',
      status: {
        WAIT_PAY: 'To be paid',
        CLOSING: 'Closing',
        PAID: 'Paid',
        CANCELLED: 'Cancelled',
        PAY_FAILED: 'Payment failed',
        REVIEW: 'Being checked',
        PART_REFUNDED: 'Partly refunded',
        REFUNDED: 'Refunded',
      },
      reason: {
        placed: 'order placed',
        'time is up': 'time was up',
        'cancelled by buyer': 'cancelled by you',
        'payment failed': 'payment failed',
        'amount differs': 'amount differs',
        'closed after timeout': 'time was up, closed at WeChat',
        'closed after buyer': 'cancelled by you, closed at WeChat',
        'closed after failed': 'payment failed, closed at WeChat',
        'paid (notify)': 'payment received (notification)',
        'paid (query)': 'payment received (query)',
        'paid (close)': 'payment received (found while closing)',
      },
      problem: {
        OUT_OF_STOCK: 'There is not enough stock. Change the quantity and try again.',
        UNKNOWN_PRODUCT: 'Something in your bag is no longer sold. Please choose again.',
        AMOUNT_TOO_LARGE: 'This is more than one payment may be. Please order less.',
        INVALID_INPUT: 'A quantity is not right. Check it and try again.',
        NO_ANSWER: 'The server did not answer. Press again: you will not order twice.',
        IDEMPOTENCY_KEY_BUSY: 'Your order is still being placed. Press again: you will not order twice.',
        NOT_CANCELLABLE: 'This order has moved on and cannot be cancelled.',
        OTHER: 'That did not work right now. Please try again. ({code})',
      },
    },
  },
};
