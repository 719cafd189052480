import { type Locale } from '#platform';

interface ProblemText {
  heading: string;
  text: string;
}

/** Why there is no cashier to show. */
export type ProblemKind = 'link' | 'link-expired' | 'identity' | 'unknown' | 'nothing' | 'busy' | 'other';

export const problemTexts: Record<Locale, Record<ProblemKind, ProblemText> & { reload: string; backToShop: string }> = {
  zh: {
    link: { heading: '支付链接无效', text: '请回到商店，从订单中重新打开支付页面。' },
    'link-expired': { heading: '支付链接已过期', text: '请回到商店，从订单中重新打开支付页面。' },
    identity: { heading: '微信没有确认付款人', text: '请回到商店，从订单中重新打开支付页面。此订单没有扣款。' },
    unknown: { heading: '找不到此订单', text: '请检查链接是否完整，或回到商店查看您的订单。' },
    nothing: { heading: '这里没有页面', text: '请检查地址是否完整，或回到商店。' },
    busy: { heading: '暂时无法打开支付页面', text: '请稍后再试。您的订单仍然保留；如果已经付款，款项不会丢失。' },
    other: { heading: '无法显示此页面', text: '请刷新重试，或回到商店从订单中重新打开。' },
    reload: '刷新页面',
    backToShop: '返回商店',
  },
  en: {
    link: {
      heading: 'This payment link is not valid',
      text: 'Go back to the shop and open the payment page from your order.',
    },
    'link-expired': {
      heading: 'This payment link has expired',
      text: 'Go back to the shop and open the payment page from your order.',
    },
    identity: {
      heading: 'WeChat did not confirm who is paying',
      text: 'Go back to the shop and open the payment page from your order. Nothing was charged.',
    },
    unknown: {
      heading: 'We cannot find this order',
      text: 'Check that the link is complete, or look at your orders in the shop.',
    },
    nothing: { heading: 'There is no page here', text: 'Check that the address is complete, or go back to the shop.' },
    busy: {
      heading: 'Checkout is not available right now',
      text: 'Please try again in a moment. Your order is kept, and a payment you have made is not lost.',
    },
    other: {
      heading: 'This page cannot be shown',
      text: 'Please reload it, or open it again from your order in the shop.',
    },
    reload: 'Reload',
    backToShop: 'Back to the shop',
  },
};
