/** Every entity, for the ORM's configuration. */
import { Account } from './account.ts';
import { AccountShard } from './account-shard.ts';
import { AuditBaseline } from './audit-baseline.ts';
import { AuditEntry } from './audit-entry.ts';
import { AuditHead } from './audit-head.ts';
import { AuditLink } from './audit-link.ts';
import { Balance } from './balance.ts';
import { Book } from './book.ts';
import { Closing } from './closing.ts';
import { ClosingLine } from './closing-line.ts';
import { Commit } from './commit.ts';
import { FixDelivered } from './fix-delivered.ts';
import { FixMessages } from './fix-messages.ts';
import { FixSession } from './fix-session.ts';
import { InstrumentRow } from './instrument.ts';
import { NodeRow } from './node.ts';
import { Order } from './order.ts';
import { ReportRow } from './report.ts';
import { Request } from './request.ts';
import { Trade } from './trade.ts';
import { TradeAmendment } from './trade-amendment.ts';
import { Transfer } from './transfer.ts';
import { User } from './user.ts';

export {
  Account,
  AccountShard,
  AuditBaseline,
  AuditEntry,
  AuditHead,
  AuditLink,
  Balance,
  Book,
  Closing,
  ClosingLine,
  Commit,
  FixDelivered,
  FixMessages,
  FixSession,
  InstrumentRow,
  NodeRow,
  Order,
  ReportRow,
  Request,
  Trade,
  TradeAmendment,
  Transfer,
  User,
};

/** The entities whose tables make up the venue's schema. */
export const ENTITIES = [
  User,
  InstrumentRow,
  Order,
  Trade,
  TradeAmendment,
  Balance,
  Transfer,
  Request,
  ReportRow,
  FixSession,
  FixMessages,
  FixDelivered,
  Book,
  Account,
  Commit,
  AuditEntry,
  AuditHead,
  AuditLink,
  AuditBaseline,
  Closing,
  ClosingLine,
  NodeRow,
  AccountShard,
];
