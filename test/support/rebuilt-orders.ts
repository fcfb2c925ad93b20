/**
 * What a member knows of its orders if it has nothing but the reports that it heard: rebuilt from the wire alone,
 * in any version, and compared with the rows. Faults on the way (a fill that is missing between two CumQtys, an
 * ExecID twice without a mark, a chain of ClOrdIDs that breaks) are named with their message.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { textOf } from './fix-client.ts';
import type { OrderRow, VenueRows } from './venue-rows.ts';

/** An order as its owner sees it. Amounts in units of 10^-18. */
export interface RebuiltOrder {
  readonly clOrdId: string;
  readonly ordStatus: string;
  readonly orderQty: bigint;
  readonly cumQty: bigint;
  readonly leavesQty: bigint;
  readonly price: bigint;
}

const STATUS_ANSWER = 'I';
const REJECTED = '8';
const REPLACED = '5';
/** OrdType (40) of limit and stop-limit orders. */
const PRICED: ReadonlySet<string> = new Set(['2', '4']);
/** FIX.4.2 calls fills 1 and 2, later versions F. */
const FILLS: ReadonlySet<string> = new Set(['F', '1', '2']);

/** Asserts that the reports tell the whole story of every order of this user, once and in order. */
export function auditRebuiltOrders(
  who: string,
  reports: readonly FixMessage[],
  rows: VenueRows,
  userId: number,
) {
  const rebuilt = new RebuiltOrders();
  for (const report of reports) rebuilt.take(report);
  expect(rebuilt.faults, `what ${who} was told`).to.deep.equal([]);
  const owned = rows.orders.filter((order) => order.userId === userId);
  const known = Object.fromEntries(rebuilt.orders);
  expect(known, `orders of ${who}`).to.deep.equal(
    Object.fromEntries(owned.map((row) => [row.id, stateOf(row)])),
  );
}

/** The order as its owner must have been told of it. */
export function stateOf(
  row: Pick<
    OrderRow,
    'clOrdId' | 'status' | 'quantity' | 'filledQuantity' | 'remainingQuantity' | 'ordType' | 'price'
  >,
): RebuiltOrder {
  return {
    clOrdId: row.clOrdId,
    ordStatus: row.status,
    orderQty: row.quantity,
    cumQty: row.filledQuantity,
    leavesQty: row.remainingQuantity,
    // The protection price of a market or stop order is the venue's, and is not told.
    price: PRICED.has(row.ordType) ? row.price : 0n,
  };
}

/** A member's orders as they become known report by report, in the order in which it is told. */
export class RebuiltOrders {
  /** By OrderID (37). */
  readonly orders = new Map<string, RebuiltOrder>();
  readonly faults: string[] = [];
  readonly #execIds = new Set<string>();
  readonly #lastSeqs = new Map<string, number>();

  /** Takes an ExecutionReport (8); what says nothing new of an order is passed over. */
  take(report: FixMessage): void {
    const execType = report.get(TAG.ExecType) ?? '';
    // FIX.4.2 marks a status answer with ExecTransType (20) 3.
    const isStatus = execType === STATUS_ANSWER || report.get(TAG.ExecTransType) === '3';
    if (isStatus || execType === REJECTED) return;
    const fault = (what: string): void => {
      this.faults.push(`${what}: ${textOf(report)}`);
    };
    const execId = report.get(TAG.ExecID) ?? '';
    if (this.#execIds.has(execId)) {
      if (report.get(TAG.PossResend) !== 'Y') fault('an execution again without 97=Y');
      return;
    }
    this.#execIds.add(execId);
    const orderId = report.get(TAG.OrderID) ?? '';
    const seq = Number(execId.slice(execId.lastIndexOf('-') + 1));
    if (seq <= (this.#lastSeqs.get(orderId) ?? 0)) fault('an execution out of order');
    this.#lastSeqs.set(orderId, seq);
    const before = this.orders.get(orderId);
    for (const what of faultsOf(report, execType, before)) fault(what);
    this.orders.set(orderId, stateAfter(report, execType, before));
  }
}

/** What does not follow from what the member knew before. */
function faultsOf(report: FixMessage, execType: string, before: RebuiltOrder | undefined): string[] {
  const faults: string[] = [];
  if ((before === undefined) !== (execType === '0')) faults.push('an order begins with its New');
  const filled = FILLS.has(execType) ? amountIn(report, TAG.LastQty) : 0n;
  if (!isAmendment(report) && amountIn(report, TAG.CumQty) !== (before?.cumQty ?? 0n) + filled)
    faults.push('a fill is missing');
  const orig = report.get(TAG.OrigClOrdID);
  if (execType === REPLACED && orig === undefined) faults.push('a replace that does not say of what');
  if (orig !== undefined && orig !== before?.clOrdId) faults.push('OrigClOrdID is not the last accepted');
  return faults;
}

/** A bust or a correction of a fill, which may take from CumQty; FIX.4.2 says so with ExecTransType (20) 1 and 2. */
function isAmendment(report: FixMessage): boolean {
  const execTransType = report.get(TAG.ExecTransType);
  if (execTransType === '1' || execTransType === '2') return true;
  const execType = report.get(TAG.ExecType);
  return execType === 'G' || execType === 'H';
}

function stateAfter(report: FixMessage, execType: string, before: RebuiltOrder | undefined): RebuiltOrder {
  const clOrdId = report.get(TAG.ClOrdID) ?? '';
  const cumQty = amountIn(report, TAG.CumQty);
  const ordStatus = report.get(TAG.OrdStatus) ?? '';
  return {
    clOrdId: before === undefined || execType === REPLACED ? clOrdId : before.clOrdId,
    // FIX.4.2 and 5.0 have a status for what was replaced; the order is working as it was before.
    ordStatus: ordStatus === REPLACED ? (cumQty === 0n ? '0' : '1') : ordStatus,
    orderQty: amountIn(report, TAG.OrderQty),
    cumQty,
    leavesQty: amountIn(report, TAG.LeavesQty),
    price: amountIn(report, TAG.Price),
  };
}

function amountIn(report: FixMessage, tag: number): bigint {
  const amount = parseAmount(report.get(tag) ?? '0');
  if (typeof amount !== 'bigint') throw new Error(`${tag} is no amount in ${textOf(report)}`);
  return amount;
}
