import { styleText } from 'node:util';
import { expect } from 'chai';
import { messageLines, PAGE_WIDTH, type Style, wrap } from '../../src/demo/wire-view.ts';
import { fixFrame } from '../support/fix-frames.ts';

const plain: Style = (_kind, text) => text;
const coloured: Style = (kind, text) => styleText(kind, text, { validateStream: false });

describe('a message on the terminal', () => {
  const logon = fixFrame(
    '35=A|49=1001|56=ONEBOOK|34=1|52=20260101-00:00:00.000|98=0|108=30|553=alice|554=sesame-open|',
  ).toString('latin1');

  it('says who told whom what, and names every field', () => {
    const text = messageLines('alice', 'toVenue', logon, false, plain);
    expect(text.split('\n')[1]).to.equal('  alice → venue  Logon');
    expect(text).to.contain('MsgType(35)=A (Logon)').and.contain('Username(553)=alice');
    expect(messageLines('bob', 'fromVenue', logon, false, plain)).to.contain('  venue → bob    Logon');
  });

  it('does not show the password', () => {
    const text = messageLines('alice', 'toVenue', logon, false, plain);
    expect(text).to.contain('Password(554)=***').and.not.contain('sesame');
  });

  it('dims the header and the trailer, which are the same on every message', () => {
    const text = messageLines('alice', 'toVenue', logon, false, coloured);
    expect(text).to.contain(styleText('dim', 'MsgSeqNum(34)=1', { validateStream: false }));
    expect(text).to.match(/ {2}Username\(553\)=alice/);
  });

  it('stays on the page, coloured or not, and loses nothing', () => {
    const words = Array.from({ length: 60 }, (_, index) => `Word${index}`);
    const frame = fixFrame(`35=5|49=A|56=B|34=1|52=20260101-00:00:00.000|58=${words.join(' ')}|`);
    for (const style of [plain, coloured]) {
      const text = messageLines('alice', 'fromVenue', frame.toString('latin1'), false, style);
      // What a terminal does not show takes no room.
      const lines = text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '').split('\n');
      for (const line of lines) expect(line.length).to.be.at.most(PAGE_WIDTH);
      for (const word of words) expect(text).to.contain(word);
    }
  });

  it('breaks a word that is longer than the page', () => {
    expect(wrap(['x'.repeat(250)], '', ' ').split('\n')).to.deep.equal([
      'x'.repeat(110),
      'x'.repeat(110),
      'x'.repeat(30),
      '',
    ]);
  });
});
