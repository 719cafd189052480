/** Everything the steps of `pay` need from outside, by the step. Abstract classes, because Nest injects by them. */
export * from './ports/prepay.ts';
export * from './ports/settle.ts';
export * from './ports/close.ts';
export * from './ports/requery.ts';
export * from './ports/wechat.ts';
export * from './ports/refund.ts';
export * from './ports/scan.ts';
export * from './ports/watch.ts';
