/**
 * What members ask about instruments, and what they are told: SecurityListRequest (x) and SecurityList (y),
 * SecurityStatusRequest (e) and SecurityStatus (f). FIX.4.2 has e and f only.
 */
import { TAG } from '../tags.ts';
import { FINANCING } from './blocks.ts';
import {
  conditional,
  demanded,
  groupWhen,
  in44,
  in50,
  optional,
  required,
  sentWhen,
  since44,
} from './field-rules.ts';
import { TEXT } from './header.ts';
import { INSTRUMENT, UNDERLYINGS } from './instrument.ts';
import { INSTRUMENT_EXTENSION, LEGS } from './legs.ts';

/** SecurityListRequestType (559) of one symbol. */
const OF_SYMBOL = '0';

/** SecurityListRequest (x). */
export const SECURITY_LIST_REQUEST = since44([
  ...required('SecurityReqID SecurityListRequestType'),
  ...in50(optional('SecurityListID SecurityListType SecurityListTypeSource MarketID MarketSegmentID')),
  ...conditional(
    'Symbol',
    'SecurityListRequestType(559) is 0',
    (message) => message.get(TAG.SecurityListRequestType) === OF_SYMBOL,
  ),
  ...INSTRUMENT,
  ...INSTRUMENT_EXTENSION,
  ...FINANCING,
  ...UNDERLYINGS,
  ...LEGS,
  ...optional('Currency'),
  ...TEXT,
  ...optional('TradingSessionID TradingSessionSubID SubscriptionRequestType'),
]);

/** SecurityList (y). */
export const SECURITY_LIST = since44([
  ...required('SecurityReqID SecurityResponseID SecurityRequestResult'),
  ...sentWhen('TotNoRelatedSym', 'SecurityRequestResult(560) is 0'),
  ...sentWhen('LastFragment', 'SecurityRequestResult(560) is 0'),
  ...groupWhen('NoRelatedSym', 'SecurityRequestResult(560) is 0', [
    ...required('Symbol'),
    ...in50(required('MinPriceIncrement')),
    ...required('SecurityDesc'),
    ...in50(required('MinTradeVol MaxTradeVol RoundLot')),
    ...required('Currency'),
    ...in44(required('RoundLot MinTradeVol MinPriceIncrement MaxTradeVol')),
  ]),
]);

/** SecurityStatusRequest (e). */
export const SECURITY_STATUS_REQUEST = [
  ...required('SecurityStatusReqID'),
  ...demanded('Symbol', ['FIX.4.2'], 'instruments go by Symbol(55)'),
  ...INSTRUMENT,
  ...since44(INSTRUMENT_EXTENSION),
  ...since44(UNDERLYINGS),
  ...since44(LEGS),
  ...optional('Currency'),
  ...required('SubscriptionRequestType'),
  ...in50(optional('MarketID MarketSegmentID')),
  ...optional('TradingSessionID'),
  ...since44(optional('TradingSessionSubID')),
];

/** SecurityStatus (f). */
export const SECURITY_STATUS = [
  ...sentWhen('SecurityStatusReqID', 'you asked for it'),
  ...required('Symbol'),
  ...required('UnsolicitedIndicator SecurityTradingStatus TransactTime'),
  ...since44(sentWhen('Text', 'there is a reason')),
];
