/**
 * SecurityStatusRequest (e) and SecurityStatus (f): whether a symbol trades, once or whenever that changes. What is
 * sent is the state at that moment: changes that a member has not been told of yet become one.
 */
import { assertNever } from '../platform/assert.ts';
import type { FixMessage } from './message.ts';
import { SECURITY_STATUS, SECURITY_STATUS_REQUEST } from './messages/reference-data.ts';
import { BUSINESS_REJECT_REASON, sendBusinessReject } from './rejects.ts';
import { roomFor } from './resend.ts';
import type { Security } from './security-directory.ts';
import { outboundOf, type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';
import { requiredText, typedTags, writeFields } from './typed-messages.ts';
import { excerpt } from './validator.ts';

const REQUEST = typedTags(SECURITY_STATUS_REQUEST);

/** SubscriptionRequestType (263). */
const SUBSCRIPTION = { updates: '1', end: '2' } as const;
/** SecurityTradingStatus (326). */
const TRADING_STATUS = { halt: 2, readyToTrade: 17, notAvailable: 18 } as const;

/** Answers a SecurityStatusRequest (e) that the validator has passed. */
export function answerSecurityStatus(state: SessionState, message: FixMessage): void {
  const securityStatusReqId = requiredText(message, REQUEST.SecurityStatusReqID);
  const symbol = requiredText(message, REQUEST.Symbol);
  const subscription = requiredText(message, REQUEST.SubscriptionRequestType);
  if (subscription === SUBSCRIPTION.end) {
    unfollow(state, message, symbol, securityStatusReqId);
    return;
  }
  const security = state.config.markets.find(symbol);
  if (security === undefined) {
    const text = `Symbol(55)=${excerpt(symbol)} is not known`;
    sendBusinessReject(state, message, BUSINESS_REJECT_REASON.unknownSecurity, text);
    return;
  }
  // One a symbol, so that what a session can make the venue remember is bounded by the symbols.
  if (subscription === SUBSCRIPTION.updates) state.followed.set(symbol, securityStatusReqId);
  state.changedSymbols.delete(symbol);
  sendStatus(state, symbol, security, securityStatusReqId, false);
}

/** The end of a subscription is not answered, unless there is none. */
function unfollow(
  state: SessionState,
  message: FixMessage,
  symbol: string,
  securityStatusReqId: string,
): void {
  if (state.followed.get(symbol) === securityStatusReqId) {
    state.followed.delete(symbol);
    return;
  }
  const text = `SecurityStatusReqID(324) does not follow ${excerpt(symbol)}`;
  sendBusinessReject(state, message, BUSINESS_REJECT_REASON.unknownId, text);
}

/** A symbol's status has changed: the member is told at the end of a step in which it reads. */
export function noteSecurityStatus(state: SessionState, symbol: string): void {
  if (state.followed.has(symbol) || state.config.securityStatusToAll) state.changedSymbols.add(symbol);
}

/** Tells what has changed, as far as the member reads. */
export function sendSecurityStatus(state: SessionState): void {
  const { changedSymbols } = state;
  if (changedSymbols.size === 0 || state.phase !== 'Active') return;
  const outbound = outboundOf(state);
  for (const symbol of changedSymbols) {
    const hasRoom = state.unsentBytes + outbound.byteCount <= roomFor(state);
    if (!hasRoom || outbound.waitingCount > 0) return;
    changedSymbols.delete(symbol);
    const isWanted = state.followed.has(symbol) || state.config.securityStatusToAll;
    const security = state.config.markets.find(symbol);
    if (!isWanted || security === undefined || isTold(state, symbol, security)) continue;
    sendStatus(state, symbol, security, state.followed.get(symbol), true);
  }
}

/** Several changes that have become one may come to nothing. */
function isTold(state: SessionState, symbol: string, security: Security): boolean {
  return state.toldStatus.get(symbol) === wordsOf(security);
}

function wordsOf(security: Security): string {
  const { SecurityTradingStatus, Text = '' } = tradingStatus(security);
  return `${SecurityTradingStatus} ${Text}`;
}

function sendStatus(
  state: SessionState,
  symbol: string,
  security: Security,
  securityStatusReqId: string | undefined,
  isUnsolicited: boolean,
): void {
  const told = tradingStatus(security);
  state.toldStatus.set(symbol, wordsOf(security));
  sendApplication(state, MSG_TYPE.SecurityStatus, (writer) => {
    writeFields(writer, SECURITY_STATUS, state.version, {
      SecurityStatusReqID: securityStatusReqId,
      Symbol: symbol,
      UnsolicitedIndicator: isUnsolicited ? 'Y' : 'N',
      ...told,
      TransactTime: utcTimestamp(state.now),
    });
  });
}

/** SecurityTradingStatus (326), and the reason (58) where the symbol does not trade as usual. */
function tradingStatus({ status, ready }: Security): {
  readonly SecurityTradingStatus: number;
  readonly Text: string | undefined;
} {
  switch (status.type) {
    case 'Halted':
      return { SecurityTradingStatus: TRADING_STATUS.halt, Text: textOf('halted', status.reason) };
    case 'CancelOnly':
      return {
        SecurityTradingStatus: TRADING_STATUS.notAvailable,
        Text: textOf('takes cancels only', status.reason),
      };
    case 'Open':
      return ready
        ? { SecurityTradingStatus: TRADING_STATUS.readyToTrade, Text: undefined }
        : { SecurityTradingStatus: TRADING_STATUS.notAvailable, Text: 'recovering' };
    default:
      return assertNever(status);
  }
}

function textOf(state: string, reason: string): string {
  return `${state}: ${reason}`;
}
