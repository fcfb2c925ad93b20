import { expect } from 'chai';
import { BUSINESS_MESSAGE_REJECT, NEWS } from '../../src/fix/messages/general-messages.ts';
import { NEW_ORDER_SINGLE } from '../../src/fix/messages/order-entry.ts';
import { EXECUTION_REPORT } from '../../src/fix/messages/order-reports.ts';
import { LOGON } from '../../src/fix/messages/session-messages.ts';
import { type RequiredTag, requiredText, typedTags, writeFields } from '../../src/fix/typed-messages.ts';
import { DEFAULT_VALIDATOR_OPTIONS, validate } from '../../src/fix/validator.ts';
import { FIX_VERSIONS } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { fixFrame, fixMessage, orderBody } from '../support/fix-frames.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const HEADER = '49=ONEBOOK|56=17|34=3|52=20260102-03:04:05.678|';
const NEWS_VALUES = { Headline: 'maintenance', NoLinesOfText: [{ Text: 'at ten' }, { Text: 'for an hour' }] };

function newWriter(): MessageWriter {
  return new MessageWriter({ beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '17' });
}

describe('typed tags', () => {
  it('are those of the fields that the message declares, its groups included', () => {
    const tags = typedTags(EXECUTION_REPORT);
    expect(tags).to.include({ OrderID: 37, ExecTransType: 20, NoMiscFees: 136, MiscFeeAmt: 137 });
    expect(tags).to.not.have.property('DisplayQty');
  });

  it('do not compile for a field that the message does not declare, or that may be missing', () => {
    const tags = typedTags(EXECUTION_REPORT);
    const order = typedTags(NEW_ORDER_SINGLE);
    const always: readonly RequiredTag[] = [tags.OrderID, order.ClOrdID, order.Symbol];
    expect(always).to.deep.equal([37, 11, 55]);
    // @ts-expect-error An ExecutionReport of the venue has no DisplayQty.
    expect(tags.DisplayQty).to.equal(undefined);
    // @ts-expect-error ExecTransType is in FIX.4.2 alone.
    const sometimes: RequiredTag = tags.ExecTransType;
    expect(sometimes).to.equal(20);
  });

  it('read what is there, and take a missing required field for a bug', () => {
    const order = typedTags(NEW_ORDER_SINGLE);
    const message = fixMessage(orderBody('11=c1|'));
    expect(requiredText(message, order.ClOrdID)).to.equal('c1');
    expect(() => requiredText(message, order.Symbol)).to.throw('without a required field');
  });
});

describe('a message that is built from its declaration', () => {
  it('has its fields in the declared order, groups counted', () => {
    const writer = newWriter().begin('B', 3, AT);
    writeFields(writer, NEWS, 'FIX.4.4', NEWS_VALUES);
    const body = '148=maintenance|33=2|58=at ten|58=for an hour|';
    expect(writer.end()).to.deep.equal(fixFrame(`35=B|${HEADER}${body}`));
  });

  it('leaves out what the version does not have', () => {
    const values = {
      EncryptMethod: 0,
      HeartBtInt: 30,
      DefaultApplVerID: '9',
      NextExpectedMsgSeqNum: 5,
    } as const;
    const bodies = FIX_VERSIONS.map((version) => {
      const writer = newWriter().begin('A', 3, AT);
      writeFields(writer, LOGON, version, values);
      return writer.end().toString('latin1').split('.678\x01')[1]?.split('10=')[0]?.replaceAll('\x01', '|');
    });
    expect(bodies).to.deep.equal(['98=0|108=30|', '98=0|108=30|789=5|', '98=0|108=30|1137=9|789=5|']);
  });

  it('keeps the rules of each version', () => {
    const options = { ...DEFAULT_VALIDATOR_OPTIONS, sender: 'venue' } as const;
    for (const version of FIX_VERSIONS) {
      const news = newWriter().begin('B', 3, AT);
      writeFields(news, NEWS, version, { ...NEWS_VALUES, OrigTime: '20260102-03:04:05' });
      const text = news.end().toString('latin1').replaceAll('\x01', '|');
      const message = fixMessage(text.slice(text.indexOf('35='), text.lastIndexOf('10=')));
      expect(validate(message, version, options), version).to.equal(undefined);
    }
  });

  it('does not compile with a field too many or too few', () => {
    const writer = newWriter().begin('j', 3, AT);
    // @ts-expect-error BusinessRejectReason is required.
    writeFields(writer, BUSINESS_MESSAGE_REJECT, 'FIX.4.4', { RefMsgType: 'D' });
    const tooMuch = { RefMsgType: 'D', BusinessRejectReason: 3 } as const;
    // @ts-expect-error There is no Price.
    writeFields(writer, BUSINESS_MESSAGE_REJECT, 'FIX.4.4', { ...tooMuch, Price: '1' });
    // @ts-expect-error A group is a list of instances.
    writeFields(writer, NEWS, 'FIX.4.4', { Headline: 'x', NoLinesOfText: undefined });
    expect(writer.end().toString('latin1')).to.not.include('\x0144=');
  });
});
