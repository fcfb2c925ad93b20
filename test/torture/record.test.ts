/** A member's record: what it notices of a venue that does what no venue may. */
import { expect } from 'chai';
import { fixMessage } from '../support/fix-frames.ts';
import { MemberRecord } from './record.ts';

const NEW_ORDER = { msgType: 'D', id: 'a-1', fields: {} };

/** A New report (150=0) of the order 7, a-1. */
function accepted(seqNum: number, marks = '', execId = 'BTC-USD-1'): ReturnType<typeof fixMessage> {
  const order = '11=a-1|55=BTC-USD|54=1|38=2|40=2|44=5|151=2|14=0|6=0|60=20261124-10:00:00.000|';
  return message('8', seqNum, `37=7|17=${execId}|150=0|39=0|${order}`, marks);
}

/** A fill of the order 7, to `cumQty` of 2. */
function filled(seqNum: number, execId: string, lastQty: string, cumQty: string) {
  const leaves = `151=${2 - Number(cumQty)}|14=${cumQty}|6=5|60=20261124-10:00:01.000|31=5|32=${lastQty}|527=9|`;
  return message('8', seqNum, `37=7|17=${execId}|150=F|39=1|11=a-1|55=BTC-USD|54=1|38=2|40=2|44=5|${leaves}`);
}

function message(msgType: string, seqNum: number, body: string, marks = '') {
  return fixMessage(`35=${msgType}|49=ONEBOOK|56=1|34=${seqNum}|52=20261124-10:00:00.000|${marks}${body}`);
}

describe("A member's record", () => {
  let record: MemberRecord;

  beforeEach(() => {
    record = new MemberRecord('FIX.4.4');
    record.ask(NEW_ORDER);
  });

  const hear = (...messages: readonly ReturnType<typeof fixMessage>[]): void => {
    for (const one of messages) {
      record.note(one);
      record.take(one);
    }
  };

  it('has an order, and one request less to wait for, when it is accepted', () => {
    hear(accepted(2));
    expect(record.violations).to.deep.equal([]);
    expect([...record.unanswered]).to.deep.equal([]);
    expect(record.counts.accepted).to.equal(1);
    expect(record.unverified).to.deep.equal(['8 BTC-USD-1']);
  });

  it('takes a report again only with a mark', () => {
    hear(accepted(2), accepted(9, '97=Y|'));
    expect(record.violations).to.deep.equal([]);
    expect(record.counts).to.include({ accepted: 1, repeats: 1 });
    hear(accepted(10));
    expect(record.violations).to.have.lengthOf(1);
    expect(record.violations[0]).to.match(/^a report again without a mark/);
  });

  it('notices a number that stands for two messages', () => {
    hear(accepted(2));
    record.note(accepted(2, '43=Y|'));
    expect(record.violations).to.deep.equal([]);
    record.note(accepted(2, '43=Y|', 'BTC-USD-2'));
    record.note(accepted(2));
    expect(record.violations.map((line) => line.slice(0, 18))).to.deep.equal([
      'number 2 stood for',
      'a number is used t',
    ]);
  });

  it('notices a fill that is missing, and one that comes before an earlier one', () => {
    hear(accepted(2), filled(3, 'BTC-USD-5', '0.5', '1'));
    expect(record.violations[0]).to.match(/^a fill is missing/);
    record.violations.length = 0;
    hear(filled(4, 'BTC-USD-4', '0.5', '1.5'));
    expect(record.violations[0]).to.match(/^after BTC-USD-5/);
  });

  it('notices a state that was told and never committed', () => {
    const standing = (seqNum: number, cumQty: string): ReturnType<typeof fixMessage> =>
      message('8', seqNum, `37=7|17=0|150=I|39=1|11=a-1|38=2|151=${2 - Number(cumQty)}|14=${cumQty}|6=5|`);
    hear(accepted(2), filled(3, 'BTC-USD-2', '1', '1'), standing(4, '1'));
    record.judgeStatusAnswers();
    expect(record.violations).to.deep.equal([]);
    hear(standing(5, '1.5'));
    record.judgeStatusAnswers();
    expect(record.violations[0]).to.match(/^a state that was never committed/);
  });

  it('notices an answer to a request that the venue said it had not taken', () => {
    hear(message('j', 2, '45=2|372=D|379=a-1|380=4|58=later|'));
    expect([...record.turnedAway]).to.deep.equal(['a-1']);
    expect(record.violations).to.deep.equal([]);
    hear(accepted(3));
    expect(record.violations[0]).to.match(/^an answer to what was never taken/);
  });

  it('takes it that what the venue asks for again may be taken after all', () => {
    hear(message('j', 2, '45=2|372=D|379=a-1|380=4|58=later|'));
    record.askAgain('a-1', 3);
    hear(accepted(4));
    expect(record.violations).to.deep.equal([]);
    expect([...record.turnedAway]).to.deep.equal([]);
  });

  it('takes it so too where it hears only later that it had been turned away before', () => {
    record.askAgain('a-1', 3);
    hear(message('j', 2, '45=2|372=D|379=a-1|380=4|58=later|'));
    expect([...record.unanswered]).to.deep.equal(['a-1']);
    hear(accepted(4));
    expect(record.violations).to.deep.equal([]);
  });

  it('waits on for the answer to one of two messages with one request when the other is refused', () => {
    record.repeated.add('a-1');
    hear(message('j', 2, '45=3|372=D|379=a-1|380=4|58=later|'));
    expect([[...record.unanswered], record.isRepeatRefused]).to.deep.equal([['a-1'], true]);
    hear(accepted(3));
    expect(record.violations).to.deep.equal([]);
  });

  it('takes it that what is refused without a row was not taken', () => {
    hear(
      message(
        '8',
        2,
        '37=NONE|17=fix:1-1|20=0|150=8|39=8|11=a-1|58=the gateway is about to stop: no new orders|',
      ),
    );
    expect([[...record.turnedAway], [...record.told]]).to.deep.equal([['a-1'], []]);
    expect(record.violations).to.deep.equal([]);
    hear(accepted(3));
    expect(record.violations[0]).to.match(/^an answer to what was never taken/);
  });

  it('does not take an answer to a question for one to the order that it names', () => {
    hear(message('j', 2, '45=3|372=H|379=a-1|380=4|58=later|'));
    expect([...record.unanswered]).to.deep.equal(['a-1']);
  });
});
