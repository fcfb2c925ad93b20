/** What every message has around its body, and the text that many have in it. */
import { group, in42, in50, optional, required, since44 } from './field-rules.ts';

/** The standard header. 8, 9 and 35 come first, in this order. */
export const HEADER = [
  ...required('BeginString BodyLength MsgType'),
  ...in50(optional('ApplVerID ApplExtID CstmApplVerID')),
  ...required('SenderCompID TargetCompID MsgSeqNum SendingTime'),
  ...optional('PossDupFlag PossResend OrigSendingTime'),
  ...optional('SenderSubID SenderLocationID TargetSubID TargetLocationID'),
  ...optional('OnBehalfOfCompID OnBehalfOfSubID OnBehalfOfLocationID'),
  ...optional('DeliverToCompID DeliverToSubID DeliverToLocationID'),
  ...optional('SecureDataLen SecureData XmlDataLen XmlData MessageEncoding LastMsgSeqNumProcessed'),
  ...in42(optional('OnBehalfOfSendingTime')),
  ...since44(group('NoHops', optional('HopCompID HopSendingTime HopRefID'))),
];

/** The standard trailer. 10 is the last field. */
export const TRAILER = [...optional('SignatureLength Signature'), ...required('CheckSum')];

/** Text (58) and its encoded form. */
export const TEXT = optional('Text EncodedTextLen EncodedText');
