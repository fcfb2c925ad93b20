/** Numbers that go back to 1: at every Logon, after every Logout, when the member asks (point 5). */
import { expect } from 'chai';
import { DEFAULT_MEMBER_SETTINGS } from '../../../src/fix/member-settings.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;

forEachVersion((version) => {
  const order = (clOrdId: string) => limitOrder(clOrdId, {}, version);

  describe('a member with ResetOnLogon', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      venue.settings = { ...DEFAULT_MEMBER_SETTINGS, resetOnLogon: true };
      Object.assign(venue.stored(), { nextInSeqNum: 40, nextOutSeqNum: 50 });
    });
    afterEach(() => venue.stop());

    it('begins at 1 each time, and the answer says 141=Y only if the Logon did', async () => {
      const first = await venue.connect();
      first.sendLogon();
      expect((await first.expect('A', { 34: 1 })).has(141)).to.equal(false);
      await first.logout();
      await venue.settled();
      const second = await venue.connect();
      second.sendLogon({ 141: 'Y' });
      await second.expect('A', { 34: 1, 141: 'Y' });
    });

    it('is still told what happened while it was away', async () => {
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' })];
      const member = await venue.connect();
      member.sendLogon();
      await member.expect('A', { 34: 1 });
      await member.expect('8', { 34: 2, 11: 'a' });
    });

    it('that is refused keeps its numbers', async () => {
      const member = await venue.connect();
      member.sendLogon({ 98: '1' });
      await member.expect('5', { 34: 50 });
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 40, nextOutSeqNum: 51 });
    });
  });

  describe('a member with ResetOnLogout', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      venue.settings = { ...DEFAULT_MEMBER_SETTINGS, resetOnLogout: true };
    });
    afterEach(() => venue.stop());

    it('begins at 1 after its Logout, and what was sent before can no longer be asked for', async () => {
      const first = await venue.logon();
      first.send('D', order('a'));
      await first.expect('8', { 34: 2 });
      await first.logout();
      await venue.settled();
      const second = await venue.connect();
      second.sendLogon();
      await second.expect('A', { 34: 1 });
      second.send('2', { 7: 1, 16: 0 });
      await second.expect('4', { 34: 1, 36: 2 });
    });

    it('begins at 1 after a Logout of the venue that it has answered', async () => {
      const first = await venue.logon();
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'closing' });
      await first.expect('5', { 34: 2 });
      first.send('5');
      await first.expectClosed();
      await venue.settled();
      const second = await venue.connect();
      second.sendLogon();
      await second.expect('A', { 34: 1 });
    });

    it('goes on where it was after a connection that broke', async () => {
      const first = await venue.logon();
      first.send('D', order('a'));
      await first.expect('8', { 34: 2 });
      first.close();
      await venue.settled();
      const second = await venue.connect({ nextOutSeqNum: 3 });
      second.sendLogon();
      await second.expect('A', { 34: 3 });
    });

    it('goes on where it was after a Logout of the venue that it did not answer', async () => {
      const first = await venue.logon();
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'closing' });
      await first.expect('5');
      venue.advance(2_000);
      await first.expectClosed();
      await venue.settled();
      const second = await venue.connect({ nextOutSeqNum: 2 });
      second.sendLogon();
      await second.expect('A', { 34: 3 });
    });
  });

  describe('ResetSeqNumFlag', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    it('in mid-session is granted again and again, and messages go on from 2 (5)', async () => {
      const member = await venue.logon();
      for (let round = 0; round < 3; round += 1) {
        member.send('D', order(`r${round}`));
        await member.expect('8', { 34: 2, 11: `r${round}` });
        member.nextOutSeqNum = 1;
        member.sendLogon({ 141: 'Y' });
        await member.expect('A', { 34: 1, 98: 0, 108: 30, 141: 'Y' });
      }
      member.send('1', { 112: 'two' });
      await member.expect('0', { 34: 2, 112: 'two' });
    });

    it('in mid-session may change HeartBtInt', async () => {
      const member = await venue.logon();
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y', 108: '5' });
      await member.expect('A', { 34: 1, 108: 5, 141: 'Y' });
      venue.advance(5_000);
      await member.expect('0', { 34: 2 });
    });

    it('in mid-session ends a gap that was open (5)', async () => {
      const member = await venue.logon();
      member.send('0', {}, { msgSeqNum: 9 });
      await member.expect('2', { 7: 2 });
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.send('0', {}, { msgSeqNum: 4 });
      await member.expect('2', { 34: 2, 7: 2 });
    });

    it('in mid-session cuts what was sent before: asked for, it is a GapFill', async () => {
      const member = await venue.logon();
      member.send('D', order('a'));
      await member.expect('8', { 34: 2 });
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      await member.expect('A', { 34: 1 });
      member.send('1', { 112: 'x' });
      await member.expect('0', { 34: 2 });
      member.send('2', { 7: 1, 16: 0 });
      await member.expect('4', { 34: 1, 123: 'Y', 36: 3 });
    });

    it('in mid-session with something wrong in the Logon ends in a Logout under the old numbers', async () => {
      const member = await venue.logon();
      member.sendLogon({ 141: 'Y', 108: '-1' }, { msgSeqNum: 1 });
      const logout = await member.expect('5', { 34: 2 });
      expect(logout.get(58)).to.contain('HeartBtInt(108)');
      expect(venue.opens).to.have.length(1);
    });

    it('of a Logon whose number is not 1 shows a gap from 1 on', async () => {
      const member = await venue.connect({ nextOutSeqNum: 7 });
      member.sendLogon({ 141: 'Y' });
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('2', { 34: 2, 7: 1, 16: 0 });
    });

    it('takes the reports of another engine for new, whose commits have lower numbers', async () => {
      const member = await venue.logon();
      venue.commit([], []);
      venue.store.isHeld = true;
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      await until('the reset to reach the store', () => venue.opens.length === 2);
      venue.store.commitNo -= 1;
      venue.commit([venue.newReport({ clOrdId: 'known' })]);
      venue.store.commitNo -= 1;
      venue.commit([venue.newReport({ clOrdId: 'elsewhere' })], [], undefined, 'another engine');
      venue.store.release();
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('8', { 34: 2, 11: 'elsewhere' });
    });

    it('keeps reports that are not delivered: they come after the answer', async () => {
      const member = await venue.logon();
      venue.store.isHeld = true;
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      await until('the reset to reach the store', () => venue.opens.length === 2);
      venue.commit([venue.newReport({ clOrdId: 'meanwhile' })]);
      const held = venue.store.heldBack.splice(0);
      venue.store.commitNo -= 1;
      for (const answer of held) answer();
      venue.store.commitNo += 1;
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('8', { 34: 2, 11: 'meanwhile' });
    });
  });

  describe('a reset by the venue in mid-session', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
      for (const clOrdId of ['a', 'b']) {
        member.send('D', order(clOrdId));
        await member.expect('8', { 11: clOrdId });
      }
    });
    afterEach(() => venue.stop());

    const reset = () =>
      venue.system.tell(GATE, { type: 'ResetMember', senderCompId: 100, userId: MEMBER.userId });

    /** The member's answer, as its engine sends it. */
    function answer(): void {
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
    }

    it('is a Logon with 141=Y and the number 1, and the member’s like it is the answer (5)', async () => {
      reset();
      const logon = await member.expect('A', { 34: 1, 98: 0, 108: 30, 141: 'Y' });
      expect(logon.get(1137)).to.equal(version === 'FIX.5.0SP2' ? '9' : undefined);
      answer();
      member.send('1', { 112: 'two' });
      await member.expect('0', { 34: 2, 112: 'two' });
      await member.logout();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 4, nextOutSeqNum: 4, isClean: true });
      expect(venue.opens.map((open) => open.reset)).to.deep.equal([false, true]);
    });

    it('waits for the answers to earlier requests', async () => {
      const answers: (() => void)[] = [];
      venue.onSubmit = (message) => answers.push(() => venue.accept(message));
      member.send('D', order('before'));
      await until('the order to reach the exchange', () => answers.length === 1);
      reset();
      // What a bystander does after it is done after it.
      await venue.logon(OTHER_MEMBER);
      member.send('D', order('after'));
      expect(venue.opens, 'the member and the bystander').to.have.length(2);
      for (const give of answers.splice(0)) give();
      await member.expect('8', { 34: 4, 11: 'before' });
      await member.expect('A', { 34: 1, 141: 'Y' });
      await until('the next order', () => answers.length === 1);
      for (const give of answers) give();
      await member.expect('8', { 34: 2, 11: 'after' });
    });

    it('waits until what the member has asked for again is sent', async () => {
      const bystander = await venue.logon(OTHER_MEMBER);
      venue.store.isHeld = true;
      member.send('2', { 7: 2, 16: 3 });
      await until('the load', () => venue.store.loads.length === 1);
      reset();
      // What a bystander is told after it is told after it.
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 200, text: 'go' });
      await bystander.expect('5');
      expect(venue.opens, 'the member and the bystander').to.have.length(2);
      venue.store.release();
      await member.expect('8', { 34: 2, 43: 'Y', 11: 'a' });
      await member.expect('8', { 34: 3, 43: 'Y', 11: 'b' });
      await member.expect('A', { 34: 1, 141: 'Y' });
    });

    it('takes what the member still sends under its old numbers, and keeps 1 as the number to come', async () => {
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.send('D', order('crossed'));
      await member.expect('8', { 34: 2, 11: 'crossed' });
      venue.advance(1_000);
      await venue.journal('the report', ({ nextOutSeqNum }) => nextOutSeqNum === 3);
      expect(venue.stored().nextInSeqNum).to.equal(1);
      answer();
      member.send('1', { 112: 'two' });
      await member.expect('0', { 34: 3, 112: 'two' });
      venue.advance(1_000);
      await venue.journal('the new numbers', ({ nextInSeqNum }) => nextInSeqNum === 3);
    });

    it('is one, however often it is asked for before the member has answered', async () => {
      reset();
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
      reset();
      answer();
      member.send('1', { 112: 'two' });
      await member.expect('0', { 34: 2, 112: 'two' });
      expect(venue.opens).to.have.length(2);
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
    });

    it('crosses a reset by the member: each Logon is the answer to the other', async () => {
      venue.store.isHeld = true;
      reset();
      await until('the reset to reach the store', () => venue.opens.length === 2);
      answer();
      venue.store.release();
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.send('1', { 112: 'two' });
      await member.expect('0', { 34: 2, 112: 'two' });
      expect(venue.opens).to.have.length(2);
    });

    it('has old requests answered before the member’s numbers begin anew', async () => {
      const answers: (() => void)[] = [];
      venue.onSubmit = (message) => answers.push(() => venue.accept(message));
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.send('D', order('old'));
      await until('the order to reach the exchange', () => answers.length === 1);
      answer();
      member.send('D', order('new'));
      for (const give of answers.splice(0)) give();
      await member.expect('8', { 34: 2, 11: 'old' });
      await until('the next order', () => answers.length === 1);
      expect(venue.submitted.at(-1)?.commands[0]?.msgSeqNum).to.equal(2);
      for (const give of answers) give();
      await member.expect('8', { 34: 3, 11: 'new' });
    });

    it('that the member does not answer ends in a Logout', async () => {
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
      venue.advance(9_999);
      member.send('1', { 112: 'no answer' });
      await member.expect('0', { 34: 2 });
      venue.advance(1);
      await member.expect('5', { 34: 3, 58: 'no answer to the Logon(A) with ResetSeqNumFlag(141)=Y' });
    });

    it('is announced also when the session is to end meanwhile: the Logout comes behind it', async () => {
      venue.store.isHeld = true;
      reset();
      await until('the reset to reach the store', () => venue.opens.length === 2);
      const sessionId = venue.opens[1]?.sessionId ?? '';
      venue.system.tell({ type: 'session', sessionId }, { type: 'EndSession', text: 'disabled' });
      venue.store.release();
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('5', { 34: 2, 58: 'disabled' });
      await member.expectClosed();
    });

    it('before whose answer the connection broke lets the member go on at 1', async () => {
      reset();
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.close();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 1, nextOutSeqNum: 2 });
      const next = await venue.connect();
      next.sendLogon();
      await next.expect('A', { 34: 2 });
    });

    it('of a member that is not logged on is done in the store, and nobody else notices', async () => {
      const { senderCompId, userId } = OTHER_MEMBER;
      venue.stored(senderCompId).nextInSeqNum = 40;
      venue.stored(senderCompId).nextOutSeqNum = 50;
      venue.system.tell(GATE, { type: 'ResetMember', senderCompId, userId });
      await venue.journal('the reset', (entry) => entry.senderCompId === senderCompId);
      const other = await venue.connect(OTHER_MEMBER);
      other.sendLogon();
      await other.expect('A', { 34: 1 });
      member.send('1', { 112: 'nothing' });
      await member.expect('0', { 34: 4, 112: 'nothing' });
    });
  });
});
