/**
 * Reads requests about orders that are neither an order nor the change of one: OrderMassCancelRequest (q),
 * OrderStatusRequest (H) and OrderMassStatusRequest (AF).
 */
import type { Side } from '../matching/types.ts';
import type { FixMessage } from './message.ts';
import {
  ORDER_MASS_CANCEL_REQUEST,
  ORDER_MASS_STATUS_REQUEST,
  ORDER_STATUS_REQUEST,
} from './messages/mass-orders.ts';
import type { OrderCommandReading } from './request-readings.ts';
import { SIDES, unsupportedText } from './supported-fields.ts';
import { TAG } from './tags.ts';
import { requiredText, typedTags } from './typed-messages.ts';
import type { FixVersion } from './version.ts';

const STATUS = typedTags(ORDER_STATUS_REQUEST);
const MASS_STATUS = typedTags(ORDER_MASS_STATUS_REQUEST);
const MASS_CANCEL = typedTags(ORDER_MASS_CANCEL_REQUEST);

/** MassCancelRequestType (530) and MassStatusReqType (585): of one instrument, of all. */
const OF_SYMBOL = '1';
const OF_ALL = '7';

/** MassCancelRejectReason (532). */
const NOT_SUPPORTED = 0;
const OTHER = 99;

/** OrderMassCancelRequest (q): by symbol or of all, of one side or both. */
export function readMassCancel(message: FixMessage, version: FixVersion): OrderCommandReading {
  const clOrdId = requiredText(message, MASS_CANCEL.ClOrdID);
  const massCancelRequestType = requiredText(message, MASS_CANCEL.MassCancelRequestType);
  const symbol = message.get(MASS_CANCEL.Symbol);
  const side = message.get(MASS_CANCEL.Side);
  const refused = (massCancelRejectReason: 0 | 99, text: string): OrderCommandReading => {
    const named = { clOrdId, massCancelRequestType, symbol, side };
    return {
      type: 'Unsupported',
      refusal: { type: 'MassCancelRefused', ...named, massCancelRejectReason, text },
    };
  };
  if (massCancelRequestType !== OF_SYMBOL && massCancelRequestType !== OF_ALL) {
    const text = unsupportedText(MASS_CANCEL.MassCancelRequestType, massCancelRequestType, version);
    return refused(NOT_SUPPORTED, text);
  }
  const sideText = unsupportedSide(side, version);
  if (sideText !== undefined) return refused(OTHER, sideText);
  return {
    type: 'Command',
    command: {
      type: 'OrderMassCancelRequest',
      clOrdId,
      symbol: massCancelRequestType === OF_SYMBOL ? symbol : undefined,
      side: side as Side | undefined,
      mayBeRepeat: message.get(TAG.PossDupFlag) === 'Y' || message.get(TAG.PossResend) === 'Y',
    },
  };
}

/** OrderStatusRequest (H). */
export function readOrderStatus(message: FixMessage, version: FixVersion): OrderCommandReading {
  const side = requiredText(message, STATUS.Side);
  const text = unsupportedSide(side, version);
  if (text !== undefined) return { type: 'NotOffered', text };
  return {
    type: 'Command',
    command: {
      type: 'OrderStatusRequest',
      clOrdId: message.get(STATUS.ClOrdID),
      orderId: message.get(STATUS.OrderID),
      symbol: requiredText(message, STATUS.Symbol),
      side: side as Side,
      ordStatusReqId: message.get(STATUS.OrdStatusReqID),
    },
  };
}

/** OrderMassStatusRequest (AF): by symbol or of all, of one side or both. */
export function readMassStatus(message: FixMessage, version: FixVersion): OrderCommandReading {
  const requestType = requiredText(message, MASS_STATUS.MassStatusReqType);
  if (requestType !== OF_SYMBOL && requestType !== OF_ALL) {
    const text = unsupportedText(MASS_STATUS.MassStatusReqType, requestType, version);
    return { type: 'NotOffered', text };
  }
  const side = message.get(MASS_STATUS.Side);
  const sideText = unsupportedSide(side, version);
  if (sideText !== undefined) return { type: 'NotOffered', text: sideText };
  return {
    type: 'Command',
    command: {
      type: 'OrderMassStatusRequest',
      massStatusReqId: requiredText(message, MASS_STATUS.MassStatusReqID),
      symbol: requestType === OF_SYMBOL ? message.get(MASS_STATUS.Symbol) : undefined,
      side: side as Side | undefined,
    },
  };
}

function unsupportedSide(side: string | undefined, version: FixVersion): string | undefined {
  if (side === undefined || SIDES.includes(side)) return undefined;
  return unsupportedText(TAG.Side, side, version);
}
