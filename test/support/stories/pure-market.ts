/**
 * One symbol without actors, sockets and rows: what a member sends is read, judged by its account, carried out by the
 * book and settled at once, and the reports are written as the wire would have them.
 */
import { Account } from '../../../src/accounts/account.ts';
import type { Decision } from '../../../src/accounts/judgement.ts';
import { NO_TERMS } from '../../../src/accounts/trading-terms.ts';
import { type JournalEntry, prepareCommit } from '../../../src/actors/commit-batch.ts';
import type { RoutedCommand } from '../../../src/actors/protocol.ts';
import { FrameDecoder } from '../../../src/fix/framing.ts';
import type { FixMessage } from '../../../src/fix/message.ts';
import { readOrderCommand } from '../../../src/fix/order-requests.ts';
import { reportMsgType, writeReport } from '../../../src/fix/report-messages.ts';
import { beginStringOf, type FixVersion } from '../../../src/fix/version.ts';
import { MessageWriter } from '../../../src/fix/writer.ts';
import type { Report } from '../../../src/matching/execution-report.ts';
import type { Instrument } from '../../../src/matching/instrument.ts';
import { OrderBook } from '../../../src/matching/order-book.ts';
import type { MemberCommand } from '../../../src/matching/order-commands.ts';
import type { BookCommand, BookEvent, UserId } from '../../../src/matching/types.ts';
import { parseAmount } from '../../../src/platform/decimal.ts';

const TODAY = '2024-05-06';
const AT = Date.UTC(2024, 4, 6, 12);
const NOW = { at: AT, tradingDay: TODAY };
const WEALTH = '1000000';

export class PureMarket {
  readonly #version: FixVersion;
  readonly #instrument: Instrument;
  readonly #book: OrderBook;
  readonly #accounts = new Map<UserId, Account>();
  readonly #writer: MessageWriter;
  readonly #told = new Map<UserId, FixMessage[]>();
  #lastOrderId = 0;
  #lastTradeId = 0;
  #lastCommitNo = 0;

  constructor(instrument: Instrument, userIds: readonly UserId[], version: FixVersion) {
    this.#version = version;
    this.#instrument = instrument;
    this.#writer = new MessageWriter({
      beginString: beginStringOf(version),
      senderCompId: 'ONEBOOK',
      targetCompId: 'MEMBER',
    });
    this.#book = new OrderBook({
      symbol: instrument.symbol,
      lastSeq: 0,
      nextTradeId: () => {
        this.#lastTradeId += 1;
        return this.#lastTradeId;
      },
    });
    for (const userId of userIds) this.#accounts.set(userId, this.#newAccount(userId));
  }

  /** Takes the next message that the member was told; undefined when there is none. */
  hear(userId: UserId): FixMessage | undefined {
    return this.#told.get(userId)?.shift();
  }

  /** What nobody has heard yet. */
  unheard(): FixMessage[] {
    return [...this.#told.values()].flat();
  }

  /** A member's message, carried out to its end. */
  send(userId: UserId, msgType: string, fields: readonly (readonly [number, string])[]): void {
    const reading = readOrderCommand(this.#message(msgType, fields), this.#version);
    if (reading.type !== 'Command') throw new Error(`not a command: ${JSON.stringify(reading)}`);
    this.#carryOut(userId, reading.command, this.#judge(userId, reading.command));
  }

  #newAccount(userId: UserId): Account {
    const wealth = parseAmount(WEALTH);
    if (typeof wealth !== 'bigint') throw new Error(wealth);
    const { baseAsset, quoteAsset } = this.#instrument;
    const balances = [baseAsset, quoteAsset].map((asset) => ({ asset, amount: wealth }));
    const rows = {
      userId,
      lastSeq: 0,
      balances,
      orders: [],
      closed: [],
      clOrdIds: [],
      transferIds: [],
      terms: NO_TERMS,
    };
    return new Account(rows, TODAY, () => this.#instrument, 1_000);
  }

  #accountOf(userId: UserId): Account {
    const account = this.#accounts.get(userId);
    if (account === undefined) throw new Error(`nobody is user ${userId}`);
    return account;
  }

  #judge(userId: UserId, command: MemberCommand): Decision {
    const isHere = command.symbol === undefined || command.symbol === this.#instrument.symbol;
    return this.#accountOf(userId).judge(command, {
      at: AT,
      market: isHere ? { instrument: this.#instrument, status: { type: 'Open' }, ready: true } : undefined,
      referencePrice: this.#book.lastPx,
      tradingDay: TODAY,
      endOfTradingDay: (tradingDay) => Date.parse(tradingDay) + 86_400_000,
      nextOrderId: () => {
        this.#lastOrderId += 1;
        return this.#lastOrderId;
      },
    });
  }

  #carryOut(userId: UserId, command: MemberCommand, decision: Decision): void {
    switch (decision.type) {
      case 'Refuse':
      case 'AnswerMassCancel':
        this.#tell([decision.report]);
        return;
      case 'Answer':
        this.#tell(decision.reports);
        return;
      case 'ToBook':
        this.#trade(userId, command, decision.command);
        return;
      case 'MassCancel': {
        const reports = this.#execute(userId, command, decision.command);
        if (command.type !== 'OrderMassCancelRequest') throw new Error('only a q cancels many');
        const outcome = { totalAffectedOrders: reports.length, unansweredSymbols: [] };
        this.#tell([this.#accountOf(userId).massCanceled(command, outcome, NOW), ...reports]);
        return;
      }
      default:
        throw new Error(`nothing is in flight here: ${decision.type}`);
    }
  }

  #trade(userId: UserId, command: MemberCommand, request: BookCommand): void {
    const reports = this.#execute(userId, command, request);
    this.#tell(reports);
  }

  /** Carries a command out and commits it; one that the book gives back goes to its account. */
  #execute(userId: UserId, command: MemberCommand, request: BookCommand): readonly Report[] {
    const events: BookEvent[] = [];
    const outcome = this.#book.execute(request, AT, events);
    if (outcome === 'Unfinished') throw new Error('nothing is done in portions here');
    if (outcome !== 'Done') {
      if (!('mayBeRepeat' in command) || command.type === 'OrderMassCancelRequest')
        throw new Error(`a book gives back what a member sent, not ${command.type}`);
      const decision = this.#accountOf(userId).bounced(command, { type: outcome }, NOW);
      if (decision.type !== 'Refuse') throw new Error(`not a refusal: ${decision.type}`);
      return [decision.report];
    }
    const cause: RoutedCommand = {
      commandNo: this.#lastCommitNo + 1,
      userId,
      origin: undefined,
      replyTo: undefined,
      command,
      referencePrice: this.#book.lastPx,
      tradingDay: TODAY,
    };
    return this.#commit({
      type: 'JournalBook',
      symbol: this.#instrument.symbol,
      epoch: 1,
      generation: 0,
      lastSeq: this.#book.lastSeq,
      events,
      done: [{ command: request, cause }],
      replies: [],
    });
  }

  #commit(entry: JournalEntry): readonly Report[] {
    this.#lastCommitNo += 1;
    const { outputs } = prepareCommit(this.#lastCommitNo, [entry], () => this.#instrument, AT);
    for (const [userId, settlement] of outputs.settlements) this.#accounts.get(userId)?.settle(settlement);
    return [...outputs.reportsByUser.values()].flat();
  }

  #tell(reports: readonly Report[]): void {
    for (const report of reports) {
      const told = this.#told.get(report.userId) ?? [];
      this.#told.set(report.userId, told);
      this.#writer.begin(reportMsgType(report, this.#version), told.length + 1, AT);
      writeReport(this.#writer, report, this.#version);
      told.push(decoded(this.#writer.end()));
    }
  }

  #message(msgType: string, fields: readonly (readonly [number, string])[]): FixMessage {
    this.#writer.begin(msgType, 1, AT);
    for (const [tag, value] of fields) this.#writer.field(tag, value);
    return decoded(this.#writer.end());
  }
}

function decoded(frame: Buffer): FixMessage {
  const decoder = new FrameDecoder({ maxFrameBytes: 1024 * 1024 });
  // The writer's buffer is used again for the next message.
  decoder.push(Buffer.from(frame));
  const found = decoder.next();
  if (found?.type !== 'FixMessage') throw new Error(`not a frame: ${found?.type}`);
  return found;
}
