/**
 * The exchange's part in a redo: everything is voided, what comes meanwhile waits, and what persistence has kept goes the
 * way of all commands again, one after the other. In a cluster, what belongs to accounts and books that live elsewhere by
 * then is not waited for here.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { type ExchangeCluster, NOBODY_HAS_IT } from './forwarding.ts';
import type {
  BookRequest,
  CancelSymbolOrders,
  ExchangeMessage,
  JournalBook,
  RedoBookRequest,
  RefuseCommand,
  RoutedCommand,
  SubmitAccountCommand,
  SubmitCommands,
  Tell,
} from './protocol.ts';
import { endedElsewhere } from './redo.ts';
import { Voiding } from './voiding.ts';

/** What waits while kept commands run again. */
export type Waiting = SubmitCommands | SubmitAccountCommand | CancelSymbolOrders;

/** What is told to the exchange and is the redo's affair. */
export type RedoMessage = Extract<
  ExchangeMessage,
  {
    readonly type: 'BeginRedo' | 'BookVoid' | 'RedoCommand' | 'RedoBookRequest' | 'RefuseCommand' | 'EndRedo';
  }
>;

export interface ExchangeRedoOptions {
  readonly tell: Tell;
  /** Symbols that have a book, or its stand-in, on this node. */
  readonly symbols: () => readonly string[];
  /** Members whose accounts live. */
  readonly accounts: ReadonlyMap<UserId, unknown>;
  readonly cluster: ExchangeCluster | undefined;
  /** State is void. */
  readonly onBegin: () => void;
  /** To its account, by the right by which that lives here now. */
  readonly route: (routed: RoutedCommand) => void;
  readonly refuse: (message: RefuseCommand) => void;
  readonly tellBook: (symbol: string, request: BookRequest) => void;
  /** All has run again: what has waited is to be taken, in its order. */
  readonly onEnd: (waiting: readonly Waiting[]) => void;
}

export class ExchangeRedo {
  readonly #options: ExchangeRedoOptions;
  readonly #voiding: Voiding;
  #isRunning = false;
  #waiting: Waiting[] = [];
  #waitingCount = 0;

  constructor(options: ExchangeRedoOptions) {
    this.#options = options;
    this.#voiding = new Voiding(options);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What is spawned now is born into this one. */
  get generation(): number {
    return this.#voiding.generation;
  }

  /** Commands that wait for the end. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  keepWaiting(message: Waiting): void {
    this.#waiting.push(message);
    this.#waitingCount += countOf(message);
  }

  receive(message: RedoMessage): void {
    switch (message.type) {
      case 'BeginRedo':
        this.#isRunning = true;
        this.#options.onBegin();
        this.#voiding.begin(message);
        break;
      case 'BookVoid':
        this.#voiding.bookIsVoid(message);
        break;
      case 'RedoCommand':
        this.#runAgain(message.routed, this.#options.route);
        break;
      case 'RedoBookRequest':
        this.#runBookRequest(message);
        break;
      case 'RefuseCommand':
        this.#runAgain(message.routed, (routed) => this.#options.refuse({ ...message, routed }));
        break;
      case 'EndRedo': {
        const waiting = this.#waiting;
        this.#isRunning = false;
        this.#waiting = [];
        this.#waitingCount = 0;
        this.#options.onEnd(waiting);
        break;
      }
      default:
        assertNever(message);
    }
  }

  /** The accounts for which it is true live here no more: the routers of their members send elsewhere what waits. */
  forget(isGone: (userId: UserId) => boolean): void {
    this.#waiting = this.#waiting.filter((message) => {
      if (message.type === 'CancelSymbolOrders' || !isGone(message.userId)) return true;
      this.#waitingCount -= countOf(message);
      if (message.type === 'SubmitAccountCommand') this.#reject(message);
      return false;
    });
  }

  #runAgain(routed: RoutedCommand, act: (routed: RoutedCommand) => void): void {
    const { cluster, tell } = this.#options;
    const shard = cluster?.shardOf(routed.userId);
    if (cluster === undefined || shard !== undefined) {
      act(shard === undefined ? routed : { ...routed, shard });
      return;
    }
    this.#reject(routed);
    tell({ type: 'persistence' }, endedElsewhere(routed.userId, [routed]));
  }

  #runBookRequest({ symbol, request }: RedoBookRequest): void {
    const { cluster, tell, tellBook } = this.#options;
    const isElsewhere = cluster !== undefined && cluster.ownerOfBook(symbol) !== cluster.self;
    const asker = request.gatheredBy?.userId;
    const isNobodys = asker !== undefined && !this.#options.accounts.has(asker);
    const isDropped = isNobodys || request.command.type === 'AmendTrade';
    if (!isDropped) tellBook(symbol, request);
    // For an amendment nothing is set aside any more, a mass cancel has gone with its account, and what is done elsewhere is
    // committed there: the redo waits for none of them, and hears so on the road of all answers.
    if (isDropped || isElsewhere) {
      tell({ type: 'persistence' }, droppedEntry(symbol, request, this.generation));
    }
  }

  #reject({ replyTo }: Pick<RoutedCommand, 'replyTo'>): void {
    if (replyTo !== undefined) this.#options.tell(replyTo, { type: 'CommandRejected', text: NOBODY_HAS_IT });
  }
}

function countOf(message: Waiting): number {
  return message.type === 'SubmitCommands' ? message.commands.length : 1;
}

function droppedEntry(symbol: string, request: BookRequest, generation: number): JournalBook {
  const nothing = { epoch: 0, lastSeq: 0, events: [], replies: [] };
  return { type: 'JournalBook', symbol, generation, ...nothing, done: [request] };
}
