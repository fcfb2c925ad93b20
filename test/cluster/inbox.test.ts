/** The receiving end of a link: whatever the network repeats or leaves out. */
import { expect } from 'chai';
import { Inbox } from '../../src/cluster/inbox.ts';

function open() {
  const inbox = new Inbox(20);
  return (batchNo: number, text: string): string[] | undefined =>
    inbox.take(batchNo, Buffer.from(text))?.map((line) => Buffer.from(line).toString());
}

describe('the batches of a link', () => {
  it('are taken once each, however often they come', () => {
    const take = open();
    expect(take(1, 'a\nb\n')).to.deep.equal(['a', 'b']);
    expect(take(1, 'a\nb\n')).to.equal(undefined);
    expect(take(2, 'c\nd')).to.deep.equal(['c']);
    expect(take(2, 'c\nd')).to.equal(undefined);
    expect(take(3, 'e\n')).to.deep.equal(['de']);
    expect(take(1, 'a\nb\n')).to.equal(undefined);
  });

  it('end the link where one before them is missing', () => {
    const take = open();
    take(1, 'a\n');
    expect(() => take(3, 'c\n')).to.throw('batch 3 came after batch 1');
  });

  it('end it when they make a message that is too long', () => {
    const take = open();
    take(1, 'a'.repeat(20));
    expect(() => take(2, 'b\n')).to.throw('a message is longer than 20 bytes');
  });
});
