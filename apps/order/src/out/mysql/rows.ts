/**
 * The tables as the code reads them; the migrations write the SQL, a test compares both. Numbers of a BIGINT column
 * arrive as text and are made numbers where they are read: amounts are far below 2^53.
 */
import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { type ClosingReason, type OrderStatus } from '../../domain/order-states.ts';
import { type AnomalyKind } from '../../domain/anomaly.ts';
import { type RefundOrigin, type RefundState, type RepaidHow } from '../../domain/refund.ts';
import { type PaymentRole } from '../../domain/settlement.ts';

const ascii = { type: 'varchar', charset: 'ascii', collation: 'ascii_bin' } as const;
const orderNo = { ...ascii, name: 'order_no', length: 26 } as const;
const at = { type: 'datetime', precision: 3 } as const;
const fen = { type: 'bigint' } as const;

export type ReservationState = 'RESERVED' | 'SOLD' | 'RETURNED';

@Entity({ name: 'product' })
export class ProductRow {
  @PrimaryColumn({ ...ascii, name: 'product_id', length: 64 }) productId!: string;
  @Column({ type: 'varchar', length: 200 }) title!: string;
  @Column({ ...fen, name: 'price_fen' }) priceFen!: string;
  @Column({ type: 'int' }) stock!: number;
}

@Entity({ name: 'orders' })
@Index('ix_orders_buyer', ['buyerId', 'orderNo'])
@Index('ix_orders_expiry', ['status', 'expiresAt'])
@Index('ix_orders_close_sent', ['status', 'closeSentAt'])
export class OrderRow {
  @PrimaryColumn(orderNo) orderNo!: string;
  @Column({ ...ascii, name: 'buyer_id', length: 128 }) buyerId!: string;
  @Column({ ...ascii, length: 16 }) status!: OrderStatus;
  @Column({ ...ascii, name: 'closing_reason', length: 16, nullable: true }) closingReason!: ClosingReason | null;
  @Column({ ...fen, name: 'total_fee' }) totalFee!: string;
  @Column({ type: 'varchar', length: 255 }) title!: string;
  @Column({ ...at, name: 'expires_at' }) expiresAt!: Date;
  @Column({ ...at, name: 'close_sent_at', nullable: true }) closeSentAt!: Date | null;
  @Column({ ...at, name: 'paid_at', nullable: true }) paidAt!: Date | null;
  @Column({ ...at, name: 'created_at' }) createdAt!: Date;
  @Column({ ...at, name: 'updated_at' }) updatedAt!: Date;
}

@Entity({ name: 'order_item' })
export class OrderItemRow {
  @PrimaryColumn(orderNo) orderNo!: string;
  @PrimaryColumn({ ...ascii, name: 'product_id', length: 64 }) productId!: string;
  @Column({ type: 'varchar', length: 200 }) title!: string;
  @Column({ type: 'int' }) quantity!: number;
  @Column({ ...fen, name: 'price_fen' }) priceFen!: string;
}

@Entity({ name: 'reservation' })
export class ReservationRow {
  @PrimaryColumn(orderNo) orderNo!: string;
  @PrimaryColumn({ ...ascii, name: 'product_id', length: 64 }) productId!: string;
  @Column({ type: 'int' }) quantity!: number;
  @Column({ ...ascii, length: 16 }) state!: ReservationState;
}

@Entity({ name: 'order_log' })
@Index('ix_order_log_order', ['orderNo'])
export class OrderLogRow {
  @PrimaryGeneratedColumn({ type: 'bigint', name: 'log_id' }) logId!: string;
  @Column(orderNo) orderNo!: string;
  @Column({ ...ascii, name: 'from_status', length: 16, nullable: true }) fromStatus!: OrderStatus | null;
  @Column({ ...ascii, name: 'to_status', length: 16 }) toStatus!: OrderStatus;
  @Column({ ...ascii, length: 64 }) reason!: string;
  @Column({ ...at, name: 'at' }) at!: Date;
}

@Entity({ name: 'order_payment' })
@Index('ix_order_payment_order', ['orderNo'])
export class OrderPaymentRow {
  @PrimaryColumn({ ...ascii, name: 'transaction_id', length: 32 }) transactionId!: string;
  @Column(orderNo) orderNo!: string;
  @Column({ ...ascii, name: 'out_trade_no', length: 32 }) outTradeNo!: string;
  @Column({ ...ascii, length: 8 }) role!: PaymentRole;
  @Column({ ...fen, name: 'total_fee' }) totalFee!: string;
  @Column({ ...at, name: 'paid_at' }) paidAt!: Date;
  @Column({ ...ascii, length: 16 }) source!: string;
  @Column({ ...at, name: 'booked_at' }) bookedAt!: Date;
  @Column({ ...fen, name: 'refunded_fen', default: 0 }) refundedFen!: string;
  /** Requested back and not yet ended. */
  @Column({ ...fen, name: 'reserved_fen', default: 0 }) reservedFen!: string;
}

@Entity({ name: 'refund_request' })
@Index('ix_refund_request_order', ['orderNo'])
@Index('ix_refund_request_transaction', ['transactionId'])
@Index('ix_refund_request_sent', ['state', 'sentAt'])
@Index('ix_refund_request_requested', ['requestedAt', 'outRefundNo'])
export class RefundRequestRow {
  @PrimaryColumn({ ...ascii, name: 'out_refund_no', length: 64 }) outRefundNo!: string;
  @Column(orderNo) orderNo!: string;
  @Column({ ...ascii, name: 'transaction_id', length: 32 }) transactionId!: string;
  @Column({ ...fen, name: 'amount_fen' }) amountFen!: string;
  @Column({ type: 'varchar', length: 80 }) reason!: string;
  @Column({ type: 'tinyint', unsigned: true }) restock!: number;
  @Column({ ...ascii, length: 8 }) origin!: RefundOrigin;
  @Column({ ...ascii, length: 16 }) state!: RefundState;
  @Column({ ...ascii, name: 'refund_id', length: 32, nullable: true }) refundId!: string | null;
  /** Who asked for it; empty when nobody did. */
  @Column({ ...ascii, name: 'requested_by', length: 128 }) requestedBy!: string;
  @Column({ ...at, name: 'requested_at' }) requestedAt!: Date;
  @Column({ ...at, name: 'sent_at' }) sentAt!: Date;
  @Column({ ...at, name: 'ended_at', nullable: true }) endedAt!: Date | null;
  /** The refused or closed request that this one was made for. */
  @Column({ ...ascii, length: 64, nullable: true }) replaces!: string | null;
  @Column({ ...ascii, name: 'repaid_how', length: 32, nullable: true }) repaidHow!: RepaidHow | null;
  /** What an operator wrote when it was repaid. */
  @Column({ type: 'varchar', length: 255, nullable: true }) note!: string | null;
  /** How often `pay` was told again. */
  @Column({ type: 'int', unsigned: true, default: 0 }) sends!: number;
}

@Entity({ name: 'point_ledger' })
@Index('ix_point_ledger_buyer', ['buyerId'])
export class PointRow {
  @PrimaryColumn(orderNo) orderNo!: string;
  @PrimaryColumn({ ...ascii, length: 16 }) reason!: string;
  @Column({ ...ascii, name: 'buyer_id', length: 128 }) buyerId!: string;
  @Column({ type: 'bigint' }) points!: string;
}

@Entity({ name: 'anomaly' })
@Index('uq_anomaly_once', ['kind', 'transactionId', 'outRefundNo'], { unique: true })
@Index('ix_anomaly_transaction', ['transactionId'])
@Index('ix_anomaly_state', ['state'])
export class AnomalyRow {
  @PrimaryGeneratedColumn({ type: 'bigint', name: 'anomaly_id' }) anomalyId!: string;
  @Column({ ...ascii, length: 16 }) kind!: AnomalyKind;
  @Column(orderNo) orderNo!: string;
  @Column({ ...ascii, name: 'transaction_id', length: 32 }) transactionId!: string;
  @Column({ type: 'varchar', length: 255 }) detail!: string;
  @Column({ ...ascii, length: 16 }) state!: 'OPEN' | 'DONE';
  @Column({ ...at, name: 'opened_at' }) openedAt!: Date;
  /** The refund it is about; empty when it is about the payment. */
  @Column({ ...ascii, name: 'out_refund_no', length: 64, default: '' }) outRefundNo!: string;
  @Column({ ...at, name: 'closed_at', nullable: true }) closedAt!: Date | null;
  /** The operator who closed it; null when it closed by itself. */
  @Column({ name: 'closed_by', type: 'varchar', length: 128, nullable: true }) closedBy!: string | null;
  /** Why nothing is open any more. */
  @Column({ type: 'varchar', length: 255, nullable: true }) note!: string | null;
}

@Entity({ name: 'idempotency' })
@Index('ix_idempotency_created', ['createdAt'])
export class IdempotencyRow {
  @PrimaryColumn({ ...ascii, name: 'buyer_id', length: 128 }) buyerId!: string;
  @PrimaryColumn({ ...ascii, name: 'idem_key', length: 128 }) idemKey!: string;
  @Column({ type: 'char', charset: 'ascii', collation: 'ascii_bin', length: 64 }) fingerprint!: string;
  @Column({ type: 'smallint' }) status!: number;
  @Column({ type: 'text' }) body!: string;
  @Column({ ...at, name: 'created_at' }) createdAt!: Date;
}

export const orderRows = [
  ProductRow,
  OrderRow,
  OrderItemRow,
  ReservationRow,
  OrderLogRow,
  OrderPaymentRow,
  RefundRequestRow,
  PointRow,
  AnomalyRow,
  IdempotencyRow,
];
