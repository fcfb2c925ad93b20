/**
 * The session's states and transitions as one table: what is done with each input in each phase, and which
 * phase may follow which. Everything else in the session's files is what these words mean.
 */
import type { SessionInput } from './session-protocol.ts';

/**
 * Where a session is in its life.
 *
 * - `AwaitingLogon`: connected, nothing said.
 * - `Judging`: the password is being verified.
 * - `Claiming`: asks to be the only session of its SenderCompID.
 * - `Opening`: numbers and undelivered reports are being loaded.
 * - `Active`: logged on.
 * - `Resetting`: one side wants both back at 1 (141=Y); requests before that are still unanswered.
 * - `Finishing`: the member has logged out; requests before that are still unanswered.
 * - `LoggingOut`: the venue has logged out and waits for the member's Logout.
 * - `Ended`: over; whatever still comes is ignored.
 */
export type SessionPhase =
  | 'AwaitingLogon'
  | 'Judging'
  | 'Claiming'
  | 'Opening'
  | 'Active'
  | 'Resetting'
  | 'Finishing'
  | 'LoggingOut'
  | 'Ended';

/** What is done with an input. */
export type SessionAction =
  | 'ignore'
  /** Closes the connection without a word: no number is used for a peer that is not authenticated. */
  | 'drop'
  | 'readLogon'
  | 'keep'
  | 'receive'
  | 'receiveLast'
  | 'noteGarbled'
  | 'refuseOversize'
  | 'takeVerdict'
  | 'open'
  | 'probe'
  | 'start'
  | 'timeOut'
  | 'keepAlive'
  | 'finish'
  | 'resend'
  | 'noteMissed'
  | 'takeUndelivered'
  | 'lose'
  | 'holdReports'
  | 'sendReports'
  | 'noteAnswers'
  | 'sendRefusals'
  | 'grantNumbers'
  | 'sayGoodbye'
  | 'sayGoodbyeLater'
  | 'resetNumbers'
  | 'announce'
  | 'noteStatus'
  | 'endBroken'
  | 'end'
  | 'noteStore';

/** All of them, in the order of a session's life. */
export const PHASES = [
  'AwaitingLogon',
  'Judging',
  'Claiming',
  'Opening',
  'Active',
  'Resetting',
  'Finishing',
  'LoggingOut',
  'Ended',
] as const satisfies readonly SessionPhase[];

/** One row of the table: an action for each phase, in the order of PHASES. */
type Row = ActionsFor<typeof PHASES>;
type ActionsFor<Columns extends readonly SessionPhase[]> = {
  readonly [Index in keyof Columns]: SessionAction;
};

// biome-ignore format: it is a table
const TABLE: { readonly [Type in SessionInput['type']]: Row } = {
  //                  AwaitingLogon  Judging        Claiming       Opening            Active            Resetting       Finishing       LoggingOut      Ended
  Message:          ['readLogon',   'keep',        'keep',        'keep',            'receive',        'keep',         'ignore',       'receiveLast',  'ignore'],
  Garbled:          ['drop',        'noteGarbled', 'noteGarbled', 'noteGarbled',     'noteGarbled',    'noteGarbled',  'ignore',       'ignore',       'ignore'],
  Oversize:         ['drop',        'drop',        'drop',        'drop',            'refuseOversize', 'refuseOversize', 'end',        'end',          'ignore'],
  PeerClosed:       ['end',         'end',         'end',         'end',             'end',            'end',          'end',          'end',          'ignore'],
  Tick:             ['timeOut',     'ignore',      'timeOut',     'timeOut',         'keepAlive',      'keepAlive',    'finish',       'timeOut',      'ignore'],
  LoginJudged:      ['ignore',      'takeVerdict', 'ignore',      'ignore',          'ignore',         'ignore',       'ignore',       'ignore',       'ignore'],
  SessionClaimed:   ['ignore',      'ignore',      'open',        'ignore',          'ignore',         'ignore',       'ignore',       'ignore',       'ignore'],
  SessionBusy:      ['ignore',      'ignore',      'drop',        'ignore',          'probe',          'probe',        'ignore',       'ignore',       'ignore'],
  SessionOpened:    ['ignore',      'ignore',      'ignore',      'start',           'ignore',         'ignore',       'ignore',       'ignore',       'ignore'],
  SessionLost:      ['ignore',      'ignore',      'ignore',      'lose',            'lose',           'lose',         'lose',         'lose',         'ignore'],
  LoadFailed:       ['ignore',      'ignore',      'ignore',      'drop',            'endBroken',      'endBroken',    'endBroken',    'end',          'ignore'],
  MessagesLoaded:   ['ignore',      'ignore',      'ignore',      'ignore',          'resend',         'resend',       'resend',       'resend',       'ignore'],
  CatchUp:          ['ignore',      'ignore',      'ignore',      'noteMissed',      'noteMissed',     'noteMissed',   'noteMissed',   'ignore',       'ignore'],
  UndeliveredLoaded: ['ignore',     'ignore',      'ignore',      'ignore',          'takeUndelivered', 'takeUndelivered', 'takeUndelivered', 'ignore', 'ignore'],
  ReportsCommitted: ['ignore',      'ignore',      'ignore',      'holdReports',     'sendReports',    'sendReports',  'sendReports',  'noteAnswers',  'ignore'],
  CommandsRefused:  ['ignore',      'ignore',      'ignore',      'ignore',          'sendRefusals',   'sendRefusals', 'sendRefusals', 'ignore',       'ignore'],
  NumbersReserved:  ['ignore',      'ignore',      'ignore',      'ignore',          'grantNumbers',   'grantNumbers', 'grantNumbers', 'grantNumbers', 'ignore'],
  EndSession:       ['drop',        'drop',        'drop',        'sayGoodbyeLater', 'sayGoodbye',     'sayGoodbye',   'sayGoodbye',   'ignore',       'ignore'],
  ResetNumbers:     ['ignore',      'ignore',      'ignore',      'ignore',          'resetNumbers',   'ignore',       'ignore',       'ignore',       'ignore'],
  Announce:         ['ignore',      'ignore',      'ignore',      'ignore',          'announce',       'ignore',       'ignore',       'ignore',       'ignore'],
  SecurityStatusChanged: ['ignore', 'ignore',      'ignore',      'noteStatus',      'noteStatus',     'noteStatus',   'ignore',       'ignore',       'ignore'],
  StoreUnavailable: ['noteStore',   'noteStore',   'noteStore',   'noteStore',       'noteStore',      'noteStore',    'noteStore',    'noteStore',    'ignore'],
  StoreAvailable:   ['noteStore',   'noteStore',   'noteStore',   'noteStore',       'noteStore',      'noteStore',    'noteStore',    'noteStore',    'ignore'],
};

/** Which phase may follow which. Any phase may end. */
const FOLLOWERS: { readonly [Phase in SessionPhase]: readonly SessionPhase[] } = {
  AwaitingLogon: ['Judging'],
  Judging: ['Claiming'],
  Claiming: ['Opening'],
  Opening: ['Active'],
  Active: ['Resetting', 'Finishing', 'LoggingOut'],
  Resetting: ['Opening', 'Active', 'LoggingOut'],
  Finishing: ['LoggingOut'],
  LoggingOut: [],
  Ended: [],
};

const COLUMNS = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<
  SessionPhase,
  number
>;

/** What to do with an input of this type in this phase. */
export function actionFor(phase: SessionPhase, inputType: SessionInput['type']): SessionAction {
  return TABLE[inputType][COLUMNS[phase]] as SessionAction;
}

/** Whether the table allows the transition. */
export function mayFollow(phase: SessionPhase, next: SessionPhase): boolean {
  return next === 'Ended' ? phase !== 'Ended' : FOLLOWERS[phase].includes(next);
}
