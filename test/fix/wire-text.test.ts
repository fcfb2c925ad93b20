import { expect } from 'chai';
import { wireText } from '../../src/fix/wire-text.ts';
import { fixBytes, fixFrame } from '../support/fix-frames.ts';

/** The body of the only frame as it is logged. */
function shownBody(body: string): string {
  return wireText(fixFrame(body))
    .replace(/^8=FIX\.4\.4\|9=\d+\|/, '')
    .replace(/10=\d{3}\|$/, '');
}

describe('the log text of a message', () => {
  it('shows what is no secret as it is', () => {
    const body = '35=B|148=News|354=7|355=a|54=1b|58=a=b|1554=x|';
    expect(shownBody(body)).to.equal(body);
  });

  it('hides encrypted passwords as well as plain ones', () => {
    expect(shownBody('35=A|554=a|925=b|1401=1|1402=c|1403=1|1404=d|98=0|')).to.equal(
      '35=A|554=***|925=***|1401=1|1402=***|1403=1|1404=***|98=0|',
    );
  });

  it('hides data to its end, whatever SOH seems to begin in it', () => {
    expect(shownBody('35=A|95=15|96=sec|58=ret|10=1|98=0|')).to.equal('35=A|95=15|96=***|98=0|');
    expect(shownBody('35=A|1401=8|1402=sec|58=r|98=0|')).to.equal('35=A|1401=8|1402=***|98=0|');
  });

  it('finds no secret inside of other data', () => {
    expect(shownBody('35=B|354=9|355=a|554=bcd|58=x|')).to.equal('35=B|354=9|355=a|554=bcd|58=x|');
  });

  it('hides what is no field after a secret, to the next field', () => {
    expect(shownBody('35=A|95=3|96=sec|ret|r=et|98=0|')).to.equal('35=A|95=3|96=***|***|***|98=0|');
    expect(shownBody('35=A|554=sec|ret|98=0|')).to.equal('35=A|554=***|***|98=0|');
  });

  it('hides the value of a field whose tag cannot be read', () => {
    expect(shownBody('35=A|0554=secret|+554=secret|554secret|1234567890=secret|98=0|')).to.equal(
      '35=A|0554=***|+554=***|***|1234567890=***|98=0|',
    );
  });

  it('begins anew with each of several frames, whatever a length says in the one before', () => {
    const first = '35=A|95=60|96=secret|';
    const frames = Buffer.concat([
      fixFrame(first),
      fixFrame('35=A|554=secret|58=x|'),
      fixFrame('35=0|112=x|'),
    ]);
    expect(wireText(frames).replace(/10=\d{3}/g, '10=…')).to.equal(
      '8=FIX.4.4|9=21|35=A|95=60|96=***|10=…|8=FIX.4.4|9=21|35=A|554=***|58=x|10=…|8=FIX.4.4|9=11|35=0|112=x|10=…|',
    );
  });

  it('hides secrets in what is no whole frame, too', () => {
    expect(wireText(fixBytes('8=FIX.4.4|9=999|35=A|554=secret'))).to.equal('8=FIX.4.4|9=999|35=A|554=***');
    expect(wireText(fixBytes('554=secret|58=x|'))).to.equal('554=***|58=x|');
    expect(wireText(fixBytes('8=FIX'))).to.equal('8=FIX');
    expect(wireText(Buffer.alloc(0))).to.equal('');
  });
});
