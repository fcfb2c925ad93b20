/** Messages to a member that are not about one order: what the venue cannot take, and what it has to say. */
import { in50, optional, required, requiredGroup } from './field-rules.ts';
import { TEXT } from './header.ts';

/** BusinessMessageReject (j). */
export const BUSINESS_MESSAGE_REJECT = [
  ...optional('RefSeqNum'),
  ...required('RefMsgType'),
  ...in50(optional('RefApplVerID RefApplExtID RefCstmApplVerID')),
  ...optional('BusinessRejectRefID'),
  ...required('BusinessRejectReason'),
  ...TEXT,
];

/** News (B) with the fields that the venue sends. */
export const NEWS = [
  ...optional('OrigTime'),
  ...required('Headline'),
  ...requiredGroup('NoLinesOfText', required('Text')),
];
