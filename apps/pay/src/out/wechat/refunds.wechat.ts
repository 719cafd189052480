import { existsSync, readFileSync } from 'node:fs';
import { Injectable, Logger } from '@nestjs/common';
import {
  InvalidRequest,
  type MerchantCertificate,
  MerchantLimits,
  openRefundNotice,
  type RefundedOrder,
  RefundsIncomplete,
  type RefundState as WechatRefund,
  type RefundStatus,
  type SignType,
  WechatPayClient,
} from '#wechat-pay';
import { failPoint, protection } from '#platform';
import { type RefundAtWechat, type RefundRequest, wechatReason } from '../../domain/refund.ts';
import { type RefundAccepted, RefundGateway, type RefundQueried } from '../../flow/ports.ts';
import { reportIfStrange } from './distrust.ts';
import type { WechatAccount } from './gateway.wechat.ts';

const keepsNumber = protection('same-refund-number');

/** What refunds need beside the account. Paths of files, which may come after the app has started. */
export interface RefundAccount extends WechatAccount {
  signType: SignType;
  /** Where calls with the certificate go. */
  secureBaseUrl: string;
  refundNotifyUrl: string;
  /** The merchant's certificate: PKCS#12, or PEM with `certKeyFile`. */
  certFile: string | undefined;
  certKeyFile: string | undefined;
  /** Root to trust instead of Node's. */
  caFile: string | undefined;
}

const stateOf: Readonly<Record<RefundStatus, RefundAtWechat['state']>> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  REFUNDCLOSE: 'CLOSED',
  CHANGE: 'ABNORMAL',
  UNKNOWN: 'UNKNOWN',
};

/** Refunds through WeChat Pay's API v2. Without a certificate they wait; everything else goes on. */
@Injectable()
export class RefundsWechat extends RefundGateway {
  private readonly logger = new Logger('wechat');
  private readonly plain: WechatPayClient;
  /** By appid: a refund is asked for by the one it was paid with. */
  private readonly secure = new Map<string, WechatPayClient>();

  private readonly limits: MerchantLimits;

  constructor(private readonly account: RefundAccount) {
    super();
    this.limits = account.limits ?? new MerchantLimits();
    this.plain = new WechatPayClient({ ...this.identity(), baseUrl: account.baseUrl });
    const missing = this.missing();
    if (missing !== undefined) this.logger.warn(`refunds wait: ${missing}`);
  }

  override async refund(request: RefundRequest, deadlineMs: number): Promise<RefundAccepted> {
    const { transactionId, outRefundNo, totalFee, amountFen, reason } = request;
    try {
      const client = this.certified(request.appid);
      if (typeof client === 'string') return { kind: 'unknown', reason: client };
      failPoint('refund.before-call', request);
      const answer = await client.refund(
        {
          transactionId,
          outRefundNo: keepsNumber ? outRefundNo : `${outRefundNo}-${Date.now()}`,
          totalFee,
          refundFee: amountFen,
          refundDesc: wechatReason(reason),
          notifyUrl: this.account.refundNotifyUrl,
        },
        { deadlineMs },
      );
      failPoint('refund.answered', request);
      if (answer.kind === 'ok') return { kind: 'accepted', refundId: answer.value.refundId };
      if (answer.kind === 'refused') return answer;
      this.consider(answer.reason);
      return { kind: 'unknown', reason: answer.reason };
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      this.logger.error(error, 'a refund was not sent');
      return { kind: 'refused', code: 'NOT_SENT', text: error.message };
    }
  }

  override async query(outRefundNo: string, deadlineMs: number): Promise<RefundQueried> {
    const answer = await this.plain.refundQuery({ outRefundNo }, { deadlineMs });
    if (answer.kind === 'unknown') {
      this.consider(answer.reason);
      return { kind: 'unknown', reason: answer.reason };
    }
    if (answer.kind === 'refused') {
      return answer.code === 'REFUNDNOTEXIST' ? { kind: 'absent' } : { kind: 'unknown', reason: answer.code };
    }
    const found = answer.value.refunds.find((one) => one.outRefundNo === outRefundNo);
    return found
      ? { kind: 'found', refund: seen(answer.value, found) }
      : { kind: 'unknown', reason: 'answer for another refund' };
  }

  override async list(transactionId: string, deadlineMs: number): Promise<RefundAtWechat[] | undefined> {
    const order = await this.plain.refundQuery({ transactionId }, { deadlineMs });
    if (order.kind === 'refused' && order.code === 'REFUNDNOTEXIST') return [];
    if (order.kind === 'unknown') this.consider(order.reason);
    if (order.kind !== 'ok') return undefined;
    const all: RefundAtWechat[] = [];
    try {
      for await (const refund of this.plain.refunds({ transactionId }, { deadlineMs }))
        all.push(seen(order.value, refund));
      return all;
    } catch (error) {
      if (error instanceof RefundsIncomplete) return undefined;
      throw error;
    }
  }

  override openNotice(raw: Buffer): RefundAtWechat | undefined {
    const { appid, furtherAppids = [], mchId, apiKey } = this.account;
    const opened = [appid, ...furtherAppids]
      .map((one) => openRefundNotice(raw, { keys: { appid: one, mchId, apiKey } }))
      .find((one) => one.kind === 'refund');
    if (opened === undefined) return undefined;
    const { outRefundNo, refundId, transactionId, outTradeNo, totalFee, refundFee, refundStatus } = opened.notice;
    const numbers = { outRefundNo, refundId, transactionId, outTradeNo };
    return { ...numbers, totalFee, amountFen: refundFee, state: stateOf[refundStatus] };
  }

  /** Closes the connections that are kept alive. */
  end(): void {
    this.plain.close();
    for (const client of this.secure.values()) client.close();
  }

  private identity() {
    const { appid, mchId, apiKey, signType, notifyUrl } = this.account;
    return { appid, mchId, apiKey, signType, notifyUrl, limits: this.limits };
  }

  /** A certificate that WeChat refuses is read anew for the next try: replacing the file is enough. */
  private consider(reason: string): void {
    reportIfStrange(this.logger, reason);
    if (reason !== 'CERT_ERROR') return;
    // Not closed: other refunds may be under way on its connections, which end by themselves when they idle.
    this.secure.clear();
    this.logger.error(
      'WeChat refuses the merchant certificate: refunds wait until the file of WECHAT_CERT is a valid one',
    );
  }

  /** The client with the certificate, or why there is none. */
  private certified(appid: string): WechatPayClient | string {
    const known = this.secure.get(appid);
    if (known) return known;
    const missing = this.missing();
    if (missing !== undefined) return missing;
    const { baseUrl, secureBaseUrl, caFile } = this.account;
    try {
      const ca = caFile === undefined ? undefined : readFileSync(caFile);
      const certificate = this.certificate();
      const client = new WechatPayClient({
        ...this.identity(),
        appid,
        baseUrl,
        secureBaseUrls: [secureBaseUrl],
        certificate,
        ca,
      });
      this.secure.set(appid, client);
      return client;
    } catch (error) {
      // The next try reads the files again: a repaired certificate needs no restart.
      const reason = error instanceof InvalidRequest ? error.message : 'a file cannot be read';
      this.logger.error(`refunds wait: the certificate or its root cannot be used: ${reason}`);
      return `certificate: ${reason}`;
    }
  }

  private certificate(): MerchantCertificate | undefined {
    const { certFile, certKeyFile } = this.account;
    if (certFile === undefined) return undefined;
    return certKeyFile === undefined
      ? { p12: readFileSync(certFile) }
      : { cert: readFileSync(certFile), key: readFileSync(certKeyFile) };
  }

  private missing(): string | undefined {
    const { certFile, certKeyFile, caFile } = this.account;
    if (certFile === undefined) return 'no merchant certificate: set WECHAT_CERT to apiclient_cert.p12';
    for (const [name, file] of Object.entries({
      WECHAT_CERT: certFile,
      WECHAT_CERT_KEY: certKeyFile,
      WECHAT_CA: caFile,
    })) {
      if (file !== undefined && !existsSync(file)) return `the file of ${name} is not there (yet)`;
    }
    return undefined;
  }
}

const seen = ({ transactionId, outTradeNo, totalFee }: RefundedOrder, refund: WechatRefund): RefundAtWechat => ({
  outRefundNo: refund.outRefundNo,
  refundId: refund.refundId,
  transactionId,
  outTradeNo,
  totalFee,
  amountFen: refund.refundFee,
  state: stateOf[refund.refundStatus],
});
