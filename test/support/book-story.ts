/** Events of a book as lines that read like the tables of the reference: one line a report, a trade on one line. */
import type { BookEvent, OrderSnapshot } from '../../src/matching/types.ts';

/** Sequence numbers are left out; a priority is told where it changes. */
export function story(events: readonly BookEvent[]): string[] {
  return events.map(lineOf);
}

function lineOf(event: BookEvent): string {
  if (event.type === 'TradeExecuted') {
    const { maker, taker, quantity, price } = event;
    return `trade ${quantity}@${price}: ${state(maker)} maker, ${state(taker)} taker`;
  }
  if (event.type === 'TradeAmended') {
    const { maker, taker, after } = event;
    return `amended to ${after.quantity}@${after.price}: ${state(maker)} maker, ${state(taker)} taker`;
  }
  const { order } = event;
  switch (event.type) {
    case 'OrderAccepted':
      return `accepted ${state(order)}`;
    case 'OrderRejected':
      return `rejected ${state(order)} 103=${event.ordRejReason} ${event.text}`;
    case 'OrderCanceled': {
      const why = event.unsolicited === undefined ? 'as asked' : event.unsolicited.text;
      return `canceled ${state(order)} less ${event.canceledQty}: ${why}`;
    }
    case 'OrderExpired':
      return `expired ${state(order)} less ${event.expiredQty}: ${event.text}`;
    case 'OrderReplaced':
      return `replaced ${state(order)}${order.priority === event.seq ? ', new priority' : ''}`;
    case 'OrderTriggered':
      return `triggered ${state(order)} by ${event.triggerPx}, new priority`;
    case 'OrderRestated':
      return `restated ${state(order)} 378=${event.execRestatementReason} ${event.reason}${
        order.priority === event.seq ? ', new priority' : ''
      }`;
  }
}

/** `#id status cumQty/quantity@price`, and what is displayed of an iceberg. */
function state({ orderId, ordStatus, cumQty, quantity, price, displayedQty }: OrderSnapshot): string {
  const shown = displayedQty === undefined ? '' : ` shows ${displayedQty}`;
  return `#${orderId} 39=${ordStatus} ${cumQty}/${quantity}@${price}${shown}`;
}
