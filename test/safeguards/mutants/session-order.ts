/** Promise 5, between nodes: what keeps what a session asks in its order, and what is said of it true. */
import type { Mutant } from '../mutant.ts';

const REMOTE_GATEWAYS = 'src/actors/remote-gateways.ts';
const REMOTE_GATEWAYS_TEST = 'test/actors/remote-gateways.test.ts';
const ROUTER_TEST = 'test/actors/order-router.test.ts';
const SESSION_ORDER_TEST = 'test/cluster/session-order.test.ts';

export const SESSION_ORDER: readonly Mutant[] = [
  {
    name: 'late-attempt',
    promise: 5,
    safeguard:
      'an engine takes what a router has sent only for the time of the account for which it was sent',
    removed: 'the comparison of epochs',
    file: REMOTE_GATEWAYS,
    anchor: 'return epoch === own && (',
    replacement: 'return (',
    test: {
      file: REMOTE_GATEWAYS_TEST,
      title: 'come back when they were sent for another time of their account, whoever is late',
    },
  },
  {
    name: 'behind-what-came-back',
    promise: 5,
    safeguard:
      'behind what an engine gives back of a session everything comes back until the router has heard of it',
    removed: 'the comparison of rounds',
    file: REMOTE_GATEWAYS,
    anchor: '|| before.round < round);',
    replacement: '|| before.round <= round);',
    test: {
      file: REMOTE_GATEWAYS_TEST,
      title:
        'come back for an account that is not here, and so do those behind them, though it is here by then',
    },
  },
  {
    name: 'refusal-in-doubt',
    promise: 5,
    safeguard: 'what may have been carried out elsewhere is not refused: it comes back with all behind it',
    removed: 'the look at the mark',
    file: REMOTE_GATEWAYS,
    anchor: 'const isInDoubt = refused.some(({ sending }) => sending?.isAgain) ||',
    replacement: 'const isInDoubt =',
    test: {
      file: REMOTE_GATEWAYS_TEST,
      title: 'come back instead of a refusal where one of them may have been carried out',
    },
  },
  {
    name: 'as-sent-last',
    promise: 5,
    safeguard: 'what comes back after it has waited comes back as the attempt that its router knows',
    removed: 'the last attempt',
    file: 'src/actors/commands-under-way.ts',
    anchor: '[{ ...command, sending }]',
    replacement: '[command]',
    test: {
      file: REMOTE_GATEWAYS_TEST,
      title: 'come back as they were sent last, where they were sent again while they waited',
    },
  },
  {
    name: 'before-what-returns',
    promise: 5,
    safeguard: 'a router sends nothing ahead of what will come back',
    removed: 'the stop before it',
    file: 'src/actors/kept-commands.ts',
    anchor: 'if (kept.isReturning) break;',
    replacement: '',
    test: {
      file: ROUTER_TEST,
      title: 'sends nothing ahead of what will come back, and what came back in a later round',
    },
  },
  {
    name: 'earlier-session',
    promise: 5,
    safeguard: 'what a member’s earlier session has asked goes before what the next one asks',
    removed: 'the look for an earlier session',
    file: 'src/actors/order-router.ts',
    anchor: 'kept.isHeld || !sessions.isFirst(sessionId, kept)',
    replacement: 'kept.isHeld',
    test: { file: SESSION_ORDER_TEST, title: 'goes before what a later session of the same member asks' },
  },
  {
    name: 'cancel-on-disconnect-behind',
    promise: 5,
    safeguard: 'a cancel on disconnect comes after all that the router still has of the member',
    removed: 'the wait for it',
    file: 'src/actors/cancel-on-disconnect.ts',
    anchor: 'if (router === undefined) {',
    replacement: 'if (router !== undefined) {',
    test: {
      file: SESSION_ORDER_TEST,
      title: 'is canceled on disconnect with what the router has still to send',
    },
  },
  {
    name: 'overdue-cancel-on-disconnect',
    promise: 5,
    safeguard:
      'a cancel on disconnect whose time is over is done, also when the member is back before it can be',
    removed: 'the difference from one who is back in time',
    file: 'src/actors/gateway.ts',
    anchor: 'if (isOverdue === true) this',
    replacement: 'if (isOverdue === true && !isBack) this',
    test: {
      file: 'test/cluster/gateways.test.ts',
      title: 'cancel them when these answers come after its time, though the member is back by then',
    },
  },
  {
    name: 'answer-where-asked',
    promise: 5,
    safeguard:
      'a book tells the account where that has asked, whatever its node knows of where accounts live',
    removed: 'the node',
    file: 'src/actors/book-answers.ts',
    anchor: "{ type: 'account', userId, ...at }",
    replacement: "{ type: 'account', userId }",
    test: {
      file: SESSION_ORDER_TEST,
      title: 'is done in its order, however late nodes see who has it (seed 45)',
    },
  },
  {
    name: 'uncounted-cancels',
    promise: 5,
    safeguard: 'a mass cancel tells no count (533) where the word of some of its cancels may be lost',
    removed: 'the doubt',
    file: 'src/actors/mass-cancels.ts',
    anchor: 'one.isCountSure = false;',
    replacement: 'one.isCountSure = true;',
    test: {
      file: 'test/cluster/routed-orders.test.ts',
      title: 'are not counted (533) by a mass cancel whose answers may be lost with the link to the book',
    },
  },
  {
    name: 'amended-account-stays',
    promise: 5,
    safeguard: 'an account is not given up while a trade is amended by the right by which it is here',
    removed: 'the count of amendments',
    file: 'src/actors/commands-in-flight.ts',
    anchor: 'for (const userId of this.#amendments.keys()) if (isOf(userId)) count += 1;',
    replacement: '',
    test: {
      file: 'test/actors/ownership.test.ts',
      title: 'is given up when no trade is amended by the right by which its accounts are here',
    },
  },
];
