/** What an account has set aside for an amendment outlives the account, and nothing but the amendment. */
import { expect } from 'chai';
import type { Hold } from '../../src/accounts/holds.ts';
import { AmendmentReserve, type ReservingAccount } from '../../src/actors/amendment-reserve.ts';
import { CommandsInFlight } from '../../src/actors/commands-in-flight.ts';
import type { Address, Message } from '../../src/actors/protocol.ts';

class FakeAccount implements ReservingAccount {
  funds: readonly Hold[] = [];
  orderIds: readonly number[] = [];
  fault: string | undefined;
  readonly balances = { available: (asset: string) => (asset === 'USD' ? 10n : 0n) };
  amendmentFault(): string | undefined {
    return this.fault;
  }
  setAside(funds: readonly Hold[], orderIds: readonly number[]): void {
    this.funds = funds;
    this.orderIds = orderIds;
  }
}

describe('the reserve of an amendment', () => {
  let told: Message[];
  let reserve: AmendmentReserve;
  const ask = { type: 'ReserveFunds', amendmentNo: 7, userId: 3, orderIds: [1] } as const;
  const release = (amendmentNo: number) => ({ type: 'ReleaseFunds', amendmentNo }) as const;
  const some = { ...ask, funds: [{ asset: 'USD', amount: 4n }] };

  beforeEach(() => {
    told = [];
    reserve = new AmendmentReserve(3, (_address, message) => told.push(message));
  });

  it('is all that is asked where there is as much', () => {
    const account = new FakeAccount();
    reserve.take(account, some);
    expect(account).to.deep.include({ funds: some.funds, orderIds: [1] });
    expect(told).to.deep.equal([
      { type: 'FundsReserved', amendmentNo: 7, userId: 3, shortfalls: [], fault: undefined },
    ]);
  });

  it('is what there is where there is less, and the rest is told', () => {
    const account = new FakeAccount();
    reserve.take(account, { ...ask, funds: [{ asset: 'USD', amount: 14n }] });
    expect(account.funds).to.deep.equal([{ asset: 'USD', amount: 10n }]);
    expect(told[0]).to.deep.include({ shortfalls: [{ asset: 'USD', amount: 4n, available: 10n }] });
  });

  it('is seen by whoever moves accounts until it is released, or void', () => {
    const inFlight = new CommandsInFlight();
    const count = () => inFlight.countOf((userId) => userId === 3);
    const seen = new AmendmentReserve(3, () => {}, undefined, inFlight);
    seen.take(new FakeAccount(), some);
    // Asked once more for the venue's part.
    seen.take(new FakeAccount(), some);
    expect(count()).to.equal(1);
    seen.release(release(7), undefined);
    expect(count()).to.equal(0);
    seen.take(new FakeAccount(), some);
    seen.forget();
    seen.forget();
    expect(count()).to.equal(0);
  });

  it('is set aside again in an account that was built anew, until it is released', () => {
    reserve.take(new FakeAccount(), some);
    const rebuilt = new FakeAccount();
    reserve.restore(rebuilt);
    expect(rebuilt.funds).to.deep.equal(some.funds);
    reserve.release(release(6), rebuilt);
    expect(rebuilt.funds).to.deep.equal(some.funds);
    reserve.release(release(7), rebuilt);
    expect(rebuilt).to.deep.include({ funds: [], orderIds: [] });
    const next = new FakeAccount();
    reserve.restore(next);
    expect(next.funds).to.deep.equal([]);
  });

  it('is released while there is no account, and then not set aside in the next', () => {
    reserve.take(new FakeAccount(), some);
    reserve.release(release(7), undefined);
    const rebuilt = new FakeAccount();
    reserve.restore(rebuilt);
    expect(rebuilt.funds).to.deep.equal([]);
  });

  it('waits for the account, unless the amendment ends first', () => {
    const account = new FakeAccount();
    reserve.wait(some);
    reserve.release(release(7), undefined);
    reserve.answerWaiting(account);
    expect(told).to.deep.equal([]);
    reserve.wait(some);
    reserve.answerWaiting(account);
    expect(account.funds).to.deep.equal(some.funds);
  });

  it('is nothing where the account says why not, or fails', () => {
    const account = new FakeAccount();
    account.fault = 'order 1 is being replaced: try again';
    reserve.take(account, some);
    expect(told[0]).to.deep.include({ fault: account.fault });
    account.amendmentFault = () => {
      throw new Error('the test fails the account');
    };
    expect(() => reserve.take(account, some)).to.throw('the test fails the account');
    expect(told[1]).to.deep.include({ fault: 'the venue failed on this: nothing was done' });
    expect(account.funds).to.deep.equal([]);
  });

  it('is told to the node that has asked, with the right by which it was made', () => {
    const to: Address[] = [];
    const shard = { shard: 3, epoch: 9 };
    const tell = (address: Address, message: Message) => {
      to.push(address);
      told.push(message);
    };
    reserve = new AmendmentReserve(3, tell, shard);
    reserve.take(new FakeAccount(), { ...some, node: 'engine-1' });
    expect(to).to.deep.equal([{ type: 'exchange', node: 'engine-1' }]);
    expect(told[0]).to.deep.include({ shard });
  });

  it('is released by the node that has asked, and when there is no way to that one', () => {
    const account = new FakeAccount();
    reserve.take(account, { ...some, node: 'engine-1' });
    reserve.release({ ...release(7), node: 'engine-2' }, account);
    reserve.releaseAllOf('engine-2', account);
    expect(account.funds).to.deep.equal(some.funds);
    reserve.releaseAllOf('engine-1', account);
    expect(account.funds).to.deep.equal([]);
    reserve.wait({ ...some, node: 'engine-1' });
    reserve.releaseAllOf('engine-1', undefined);
    reserve.answerWaiting(account);
    expect(told).to.have.lengthOf(1);
  });

  it('is void with the state of a redo', () => {
    reserve.take(new FakeAccount(), some);
    reserve.forget();
    const rebuilt = new FakeAccount();
    reserve.restore(rebuilt);
    expect(rebuilt.funds).to.deep.equal([]);
  });
});
