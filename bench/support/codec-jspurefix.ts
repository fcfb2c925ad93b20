/** jspurefix in the comparison: the parser and the transmitter of its sessions, with its QuickFIX FIX.4.4 dictionary. */
import { createRequire } from 'node:module';
import type { AsciiParser, IJsFixConfig, ISessionDescription, MsgTransmitter, MsgView } from 'jspurefix';
import { type ExecutionReport, execId } from '../../src/matching/execution-report.ts';
import type { EncodeContender, ParseContender, TakeFields } from './codec-contender.ts';
import { FIRST_AT, MEMBER_COMP_ID, type StreamInput, VENUE_COMP_ID } from './codec-input.ts';

/** Its contenders; it has to read its dictionary first. */
export interface JspurefixContenders {
  /** Without any check. */
  readonly parse: ParseContender;
  /** With what its session checks of every message. */
  readonly checkedParse: ParseContender;
  readonly encode: EncodeContender;
}

/** Loads the package with its dictionary. */
export async function jspurefixContenders(): Promise<JspurefixContenders> {
  // Its dependency injection wants a polyfill that is its dependency, not ours, before it is loaded.
  const requireAsEngine = createRequire(import.meta.resolve('jspurefix'));
  requireAsEngine('reflect-metadata');
  const engine: typeof import('jspurefix') = requireAsEngine('jspurefix');
  const sessions = new engine.SessionContainer();
  sessions.registerGlobal(new engine.EmptyLogFactory());

  const newConfig = async (): Promise<IJsFixConfig> => {
    const container = await sessions.makeSystem(DESCRIPTION as unknown as ISessionDescription);
    return container.resolve<IJsFixConfig>(engine.DITokens.IJsFixConfig);
  };
  const config = await newConfig();
  const newParser = (): AsciiParser => {
    const { sessionContainer } = config;
    const resolve = <T>(token: (typeof engine.DITokens)['ParseBuffer' | 'maxMessageLen']): T =>
      sessionContainer.resolve<T>(token);
    return new engine.AsciiParser(
      config,
      null,
      resolve(engine.DITokens.ParseBuffer),
      resolve(engine.DITokens.maxMessageLen),
    );
  };
  const newTransmitter = (): MsgTransmitter =>
    config.sessionContainer.resolve<MsgTransmitter>(engine.DITokens.MsgTransmitter);

  return {
    parse: {
      name: 'jspurefix',
      does: 'finds frames, structure by its dictionary; no length, checksum or rule; fields read as text',
      parse: (input, take) => parseWith(newParser(), input, take, () => {}),
    },
    checkedParse: {
      name: 'jspurefix + session checks',
      does: 'the same, and checksum and fields that the message does not know, as its session judges them',
      parse: (input, take) => parseWith(newParser(), input, take, check),
    },
    encode: {
      name: 'jspurefix',
      does: 'an object per report, ordered and written by its dictionary, summed, copied out',
      encode: (reports, take) => encodeWith(newTransmitter(), reports, take),
    },
  };
}

const DESCRIPTION = {
  application: {
    type: 'acceptor',
    name: 'bench',
    protocol: 'ascii',
    dictionary: 'qf44',
    tcp: { host: '127.0.0.1', port: 0 },
  },
  SenderCompId: VENUE_COMP_ID,
  TargetCompID: MEMBER_COMP_ID,
  BeginString: 'FIX.4.4',
  HeartBtInt: 30,
};

function parseWith(
  parser: AsciiParser,
  input: StreamInput,
  take: TakeFields,
  judge: (view: MsgView) => void,
): void {
  parser.on('error', (error: Error) => {
    throw error;
  });
  parser.on('msg', (msgType: string, view: MsgView) => {
    judge(view);
    const value = (tag: number): string | null => view.getString(tag);
    if (msgType === '0') {
      take(msgType, value(34));
      return;
    }
    const hasTerms = msgType !== 'F';
    const origClOrdId = msgType === 'D' ? undefined : value(41);
    const [orderQty, price] = hasTerms ? [value(38), value(44)] : [];
    take(msgType, value(34), value(11), origClOrdId, value(55), value(54), orderQty, price);
  });
  for (const chunk of input.chunks) parser.parseBuffer(chunk);
}

function check(view: MsgView): void {
  if (view.checksum() !== Number(view.getString(10))) throw new Error('jspurefix found a wrong checksum');
  const invalid = view.invalid();
  if (invalid.length > 0) throw new Error(`jspurefix found invalid tags: ${invalid.join(', ')}`);
}

function encodeWith(
  transmitter: MsgTransmitter,
  reports: readonly ExecutionReport[],
  take: (frame: Buffer) => void,
): void {
  const numbered = transmitter as MsgTransmitter & { msgSeqNum: number; time: Date };
  numbered.msgSeqNum = 1;
  for (const report of reports) {
    numbered.time = new Date(FIRST_AT + numbered.msgSeqNum);
    transmitter.encoder.reset();
    transmitter.encodeMessage('8', messageOf(report));
    take(transmitter.encoder.trim());
  }
}

function messageOf(report: ExecutionReport) {
  const { fill } = report;
  return {
    OrderID: String(report.orderId),
    ExecID: execId(report),
    ExecType: report.execType,
    OrdStatus: report.ordStatus,
    Instrument: { Symbol: report.symbol },
    Side: report.side,
    OrderQtyData: { OrderQty: report.orderQty },
    OrdType: report.ordType,
    Price: report.price,
    TimeInForce: report.timeInForce,
    LeavesQty: report.leavesQty,
    CumQty: report.cumQty,
    AvgPx: report.avgPx,
    ClOrdID: report.clOrdId,
    OrigClOrdID: report.origClOrdId,
    TransactTime: new Date(report.at),
    ...(fill === undefined
      ? {}
      : {
          LastPx: fill.lastPx,
          LastQty: fill.lastQty,
          SecondaryExecID: String(fill.tradeId),
          LastLiquidityInd: fill.lastLiquidityInd,
          MiscFeesGrp: {
            NoMiscFees: [{ MiscFeeAmt: fill.fee, MiscFeeCurr: fill.feeAsset, MiscFeeType: '4' }],
          },
        }),
  };
}
