/** The benchmark is only as good as the orders that it sends: they must be what a FIX engine would send. */
import { expect } from 'chai';
import fc from 'fast-check';
import { INSTRUMENT, ORDER_QTY, OrderFlow } from '../../bench/support/order-flow.ts';
import { OrderFrames } from '../../bench/support/order-frames.ts';
import { FrameDecoder } from '../../src/fix/framing.ts';
import { FixMessage } from '../../src/fix/message.ts';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { TAG } from '../../src/fix/tags.ts';
import { validate } from '../../src/fix/validator.ts';

const HEADER = { senderCompId: 1001, targetCompId: 'ONEBOOK', symbol: INSTRUMENT.symbol };
const AT = Date.UTC(2026, 10, 22, 19, 0, 0, 7);

describe('order frames of the benchmark', () => {
  it('are valid orders with the numbers, side and price that were asked for', () => {
    const frames = new OrderFrames(HEADER);
    const digits = fc.integer({ min: 0, max: 99_999_999 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99_999_999 }),
        digits,
        fc.constantFrom(1 as const, 2 as const),
        fc.integer({ min: 1, max: 9_999_999 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (msgSeqNum, orderNo, side, priceTicks, later) => {
          frames.setTime(AT + later);
          const buffer = Buffer.alloc(2 * frames.frameLength);
          frames.write(buffer, 0, 1, 0, { side: 1, priceTicks: 1 });
          frames.write(buffer, frames.frameLength, msgSeqNum, orderNo, { side, priceTicks });
          const message = parsed(buffer)[1];
          expect(message?.msgSeqNum).to.equal(msgSeqNum);
          expect(message?.get(TAG.ClOrdID)).to.equal(`B${String(orderNo).padStart(8, '0')}`);
          expect(message?.get(TAG.Side)).to.equal(String(side));
          expect(Number(message?.get(TAG.Price))).to.equal(priceTicks / 100);
        },
      ),
    );
  });

  it('are read as commands by the venue', () => {
    const frames = new OrderFrames(HEADER);
    frames.setTime(AT);
    const buffer = Buffer.alloc(frames.frameLength);
    frames.write(buffer, 0, 2, 7, { side: 2, priceTicks: 5_000_010 });
    const [message] = parsed(buffer);
    expect(
      validate(message as FixMessage, 'FIX.4.4', { allowUserDefined: false, maxFieldBytes: 512 }),
    ).to.equal(undefined);
    expect(readOrderCommand(message as FixMessage, 'FIX.4.4')).to.deep.equal({
      type: 'Command',
      command: {
        type: 'NewOrderSingle',
        clOrdId: 'B00000007',
        symbol: 'BTC-USD',
        side: '2',
        ordType: '2',
        timeInForce: '0',
        orderQty: ORDER_QTY,
        price: '50000.10',
        mayBeRepeat: false,
      },
    });
  });
});

describe('order flow of the benchmark', () => {
  it('crosses with two of ten orders, and always finds an order on the other side', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (seed) => {
        const flow = new OrderFlow(seed);
        const resting = { 1: 0, 2: 0 };
        const best = { 1: 0, 2: Number.POSITIVE_INFINITY };
        const count = { all: 0, crossing: 0 };
        for (; count.all < 1_000; count.all += 1) {
          const { side, priceTicks, isCrossing } = flow.next();
          const other = side === 1 ? 2 : 1;
          if (isCrossing) {
            count.crossing += 1;
            resting[other] -= 1;
            expect(resting[other]).to.be.at.least(0);
            // It reaches the worst price that ever rested there.
            if (side === 1) expect(priceTicks).to.be.at.least(best[2]);
            else expect(priceTicks).to.be.at.most(best[1]);
          } else {
            resting[side] += 1;
            if (side === 1) best[1] = Math.max(best[1], priceTicks);
            else best[2] = Math.min(best[2], priceTicks);
            expect(best[1]).to.be.below(best[2]);
          }
        }
        expect(count.crossing).to.equal(200);
        expect(resting).to.deep.equal({ 1: 300, 2: 300 });
      }),
    );
  });
});

function parsed(bytes: Buffer): FixMessage[] {
  const decoder = new FrameDecoder({ maxFrameBytes: 4096 });
  decoder.push(bytes);
  const messages: FixMessage[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
    expect(frame).to.be.instanceOf(FixMessage);
    messages.push(frame as FixMessage);
  }
  return messages;
}
