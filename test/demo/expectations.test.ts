import { expect } from 'chai';
import { contains, differencesOf, type ExpectedMessage, same } from '../../src/demo/expectations.ts';
import { fieldTag, messageType } from '../../src/fix/dictionary.ts';
import { FixMessage, parseMessage } from '../../src/fix/message.ts';
import { MessageWriter } from '../../src/fix/writer.ts';

const PARTIAL_FILL: ExpectedMessage = {
  name: 'ExecutionReport',
  fields: {
    ...{ OrderID: same('OrderID of b1'), ExecType: 'F', OrdStatus: '1' },
    ...{ LastQty: '0.4', CumQty: '0.4', LeavesQty: '0.6' },
  },
};
const AS_EXPECTED = {
  ...{ OrderID: '7', ExecType: 'F', OrdStatus: '1' },
  ...{ LastQty: '0.4000', CumQty: '0.4000', LeavesQty: '0.6000' },
};

describe('the judgement of a report', () => {
  it('finds nothing wrong with the report that is expected, however its decimals are written', () => {
    expect(judge(PARTIAL_FILL, AS_EXPECTED)).to.deep.equal([]);
  });

  it('names every field that differs, with what it means', () => {
    const wrong = { ...AS_EXPECTED, OrdStatus: '2', CumQty: '0.4001', LeavesQty: '0' };
    expect(judge(PARTIAL_FILL, wrong)).to.deep.equal([
      'OrdStatus(39) is 2 (Filled), expected 1 (PartiallyFilled)',
      'CumQty(14) is 0.4001, expected 0.4',
      'LeavesQty(151) is 0, expected 0.6',
    ]);
  });

  it('names a field that is missing', () => {
    const { LastQty: _, ...rest } = AS_EXPECTED;
    expect(judge(PARTIAL_FILL, rest)).to.deep.equal(['LastQty(32) is missing, expected 0.4']);
  });

  it('does not take one message for another', () => {
    expect(judge(PARTIAL_FILL, AS_EXPECTED, 'OrderCancelReject')).to.deep.equal([
      'it is an OrderCancelReject, expected an ExecutionReport',
    ]);
  });

  it('compares what is no decimal as text', () => {
    const expected = { name: 'ExecutionReport', fields: { ClOrdID: '1.0' } };
    expect(judge(expected, { ClOrdID: '1.00' })).to.deep.equal(['ClOrdID(11) is 1.00, expected 1.0']);
  });

  it('wants an OrderID to stay what it was', () => {
    const seen = new Map<string, string>();
    expect(judge(PARTIAL_FILL, AS_EXPECTED, 'ExecutionReport', seen)).to.deep.equal([]);
    expect(judge(PARTIAL_FILL, AS_EXPECTED, 'ExecutionReport', seen)).to.deep.equal([]);
    expect(judge(PARTIAL_FILL, { ...AS_EXPECTED, OrderID: '8' }, 'ExecutionReport', seen)).to.deep.equal([
      'OrderID(37) is 8, expected 7, as before for the OrderID of b1',
    ]);
  });

  it('looks for words in a text', () => {
    const expected = { name: 'ExecutionReport', fields: { Text: contains('insufficient funds') } };
    expect(judge(expected, { Text: 'insufficient funds: needs 1 USD' })).to.deep.equal([]);
    expect(judge(expected, { Text: 'halted' })).to.deep.equal([
      'Text(58) is halted, expected "insufficient funds" in it',
    ]);
  });
});

function judge(
  expected: ExpectedMessage,
  fields: Readonly<Record<string, string>>,
  name = 'ExecutionReport',
  seen = new Map<string, string>(),
): string[] {
  const header = { beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '1001' };
  const writer = new MessageWriter(header).begin(messageType(name), 1, 0);
  for (const [field, value] of Object.entries(fields)) writer.field(fieldTag(field), value);
  const message = parseMessage(writer.end());
  expect(message).to.be.instanceOf(FixMessage);
  return differencesOf(expected, message as FixMessage, seen);
}
