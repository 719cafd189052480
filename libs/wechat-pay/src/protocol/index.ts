// The protocol alone, without a client: what both ends of a conversation need.
export { type Fields } from './fields.ts';
export { MAX_FEN, readFen, readPartFen } from './fen.ts';
export { nonceStr } from './nonce.ts';
export { LEGACY_NOTIFY_REPEAT_SECONDS, NOTIFY_REPEAT_SECONDS, NOTIFY_SUCCESS, notifyFail } from './notify-reply.ts';
export { isOutTradeNo, isTransactionId } from './numbers.ts';
export { type SignType, signFields, stringToSign, verifyFields } from './sign.ts';
export { beijingTime, fromBeijingTime } from './time.ts';
export { XmlRefused, type XmlReason } from './xml-refused.ts';
export { FieldNotWritable, isSendable, MAX_XML_BYTES, readXml, writeXml } from './xml.ts';
