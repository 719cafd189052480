/** WeChat's own part of a page that is open inside WeChat. What it answers is never proof of a payment. */

const READY_MS = 8000;
const PARAMETERS = ['appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign'];

const bridge = () =>
  new Promise((resolve) => {
    if (window.WeixinJSBridge) return void resolve(window.WeixinJSBridge);
    const timer = setTimeout(() => resolve(undefined), READY_MS);
    document.addEventListener(
      'WeixinJSBridgeReady',
      () => {
        clearTimeout(timer);
        resolve(window.WeixinJSBridge);
      },
      { once: true },
    );
    return undefined;
  });

/**
 * Opens WeChat's payment sheet and answers how it was left: `ok`, `cancel`, `absent` (no WeChat here), or WeChat's words.
 * @param {Record<string, string>} given signed by the server
 * @returns {Promise<string>}
 */
export const openSheet = async (given) => {
  const wechat = await bridge();
  if (!wechat) return 'absent';
  const parameters = Object.fromEntries(PARAMETERS.map((name) => [name, given[name]]));
  return new Promise((resolve) => {
    wechat.invoke('getBrandWCPayRequest', parameters, (answer) => {
      const how = /^get_brand_wcpay_request:(ok|cancel)$/.exec(answer?.err_msg ?? '')?.[1];
      resolve(how ?? String(answer?.err_desc ?? answer?.err_msg ?? '?').slice(0, 120));
    });
  });
};
