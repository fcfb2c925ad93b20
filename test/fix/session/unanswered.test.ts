/** A member that sends much and is answered nothing: the venue stops reading it, and reads the others. */
import { expect } from 'chai';
import { FixVenue, limitOrder, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { until } from '../../support/until.ts';

const BOUND = 10;
/** Some MiB of orders: more than socket buffers and many reads hold. */
const COUNT = 20_000;
/** Each takes several turns of the event loop, in which the first member could be read. */
const ROUND_TRIPS = 100;

describe('a member whose requests are not answered', () => {
  it('is not read beyond the bound, however long that lasts, while another one is', async () => {
    const venue = await FixVenue.start({ limits: { maxUnansweredRequestsPerSession: BOUND } });
    try {
      const [member, other] = [await venue.logon(), await venue.logon(OTHER_MEMBER)];
      venue.onSubmit = () => {};
      const takenCount = () => venue.submitted.reduce((sum, { commands }) => sum + commands.length, 0);
      const orders = Array.from({ length: COUNT }, (_, i) => member.encode('D', limitOrder(`o${i}`)));
      member.sendRaw(Buffer.concat(orders));
      await until('the bound to be passed', () => takenCount() > BOUND);
      const talk = async () => {
        for (let no = 1; no <= ROUND_TRIPS; no += 1) {
          other.send('1', { 112: `t${no}` });
          await other.expect('0', { 112: `t${no}` });
        }
      };
      await talk();
      const taken = takenCount();
      expect(taken).to.be.below(COUNT / 2);
      await talk();
      expect(takenCount()).to.equal(taken);
    } finally {
      await venue.stop();
    }
  });
});
