// The protocol alone, without a client: what both ends of a conversation need.
export { type Fields, MAX_LIST_FIELDS } from './fields.ts';
export { MAX_FEN, readFen, readPartFen, yuanToFen, yuanToMicroYuan } from './fen.ts';
export { nonceStr } from './nonce.ts';
export { LEGACY_NOTIFY_REPEAT_SECONDS, NOTIFY_REPEAT_SECONDS, NOTIFY_SUCCESS, notifyFail } from './notify-reply.ts';
export { isOutRefundNo, isOutTradeNo, isTransactionId } from './numbers.ts';
export { decryptReqInfo, encryptReqInfo } from './req-info.ts';
export { type SignType, signFields, stringToSign, verifyFields } from './sign.ts';
export { beijingDateTime, beijingTime, fromBeijingDateTime, fromBeijingTime } from './time.ts';
export { XmlRefused, type XmlReason } from './xml-refused.ts';
export { FieldNotWritable, isSendable, MAX_XML_BYTES, readXml, writeXml } from './xml.ts';
