/**
 * SecurityListRequest (x) and its answer, SecurityList (y): which instruments there are, with their tick, lot and
 * bounds. The session answers from the directory; nothing of it is stored but the messages.
 */
import { type Instrument, quantityText } from '../matching/instrument.ts';
import { formatAmount } from '../platform/decimal.ts';
import type { FixMessage } from './message.ts';
import { SECURITY_LIST, SECURITY_LIST_REQUEST } from './messages/reference-data.ts';
import { roomFor } from './resend.ts';
import { outboundOf, type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE } from './tags.ts';
import { type FieldValues, typedTags, writeFields } from './typed-messages.ts';

const REQUEST = typedTags(SECURITY_LIST_REQUEST);

/** Instruments in one message: some hundred bytes each. */
export const SECURITIES_PER_MESSAGE = 100;

/** SecurityListRequestType (559). */
const REQUEST_TYPE = { symbol: '0', allSecurities: '4' } as const;
/** SubscriptionRequestType (263). */
const SNAPSHOT = '0';
/** SecurityRequestResult (560). */
const RESULT = { valid: 0, invalidOrUnsupported: 1, noneFound: 2, unavailableForNow: 4 } as const;

/** Answers a SecurityListRequest (x) that the validator has passed. */
export function answerSecurityList(state: SessionState, message: FixMessage): void {
  const securityReqId = message.get(REQUEST.SecurityReqID) as string;
  // There are no updates: who asks for them is told so, rather than left waiting.
  const isSnapshot = (message.get(REQUEST.SubscriptionRequestType) ?? SNAPSHOT) === SNAPSHOT;
  const instruments = isSnapshot ? instrumentsFor(state, message) : undefined;
  if (instruments === undefined) {
    refuse(state, securityReqId, RESULT.invalidOrUnsupported);
  } else if (state.unsentBytes + outboundOf(state).byteCount > roomFor(state)) {
    // A short question with a long answer: whoever does not read what it asked for gets no more of it.
    refuse(state, securityReqId, RESULT.unavailableForNow);
  } else if (instruments.length === 0) {
    refuse(state, securityReqId, RESULT.noneFound);
  } else {
    sendFragments(state, securityReqId, instruments);
  }
}

/** The instruments that are asked for; undefined for a kind of question that the venue does not answer. */
function instrumentsFor(state: SessionState, message: FixMessage): readonly Instrument[] | undefined {
  const { markets } = state.config;
  const find = (symbol: string): readonly Instrument[] => {
    const security = markets.find(symbol);
    return security === undefined ? [] : [security.instrument];
  };
  switch (message.get(REQUEST.SecurityListRequestType)) {
    case REQUEST_TYPE.symbol:
      return find(message.get(REQUEST.Symbol) as string);
    case REQUEST_TYPE.allSecurities:
      return markets.symbols().flatMap(find);
    default:
      return undefined;
  }
}

function refuse(state: SessionState, securityReqId: string, securityRequestResult: number): void {
  sendList(state, {
    SecurityReqID: securityReqId,
    SecurityResponseID: nextResponseId(state),
    SecurityRequestResult: securityRequestResult,
  });
}

function sendFragments(state: SessionState, securityReqId: string, instruments: readonly Instrument[]): void {
  for (let from = 0; from < instruments.length; from += SECURITIES_PER_MESSAGE) {
    const isLast = from + SECURITIES_PER_MESSAGE >= instruments.length;
    sendList(state, {
      SecurityReqID: securityReqId,
      SecurityResponseID: nextResponseId(state),
      SecurityRequestResult: RESULT.valid,
      TotNoRelatedSym: instruments.length,
      LastFragment: isLast ? 'Y' : 'N',
      NoRelatedSym: instruments.slice(from, from + SECURITIES_PER_MESSAGE).map(securityFields),
    });
  }
}

/** One instance of the group; decimals are exact text. */
function securityFields(instrument: Instrument) {
  const { symbol, baseAsset, quoteAsset, tick, lot, minQuantity, maxQuantity } = instrument;
  return {
    Symbol: symbol,
    SecurityDesc: `${baseAsset} against ${quoteAsset}`,
    Currency: quoteAsset,
    MinPriceIncrement: formatAmount(tick.units),
    RoundLot: formatAmount(lot.units),
    MinTradeVol: quantityText(instrument, minQuantity),
    MaxTradeVol: quantityText(instrument, maxQuantity),
  };
}

function sendList(state: SessionState, fields: FieldValues<(typeof SECURITY_LIST)[number]>): void {
  sendApplication(state, MSG_TYPE.SecurityList, (writer) => {
    writeFields(writer, SECURITY_LIST, state.version, fields);
  });
}

/** SecurityResponseID (322), unique for ever as the session's id is. */
function nextResponseId(state: SessionState): string {
  state.lastResponseNo += 1;
  return `${state.config.sessionId}-${state.lastResponseNo}`;
}
