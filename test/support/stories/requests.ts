/** Questions about orders, cancels of many at once, and the limits that the operator has set. */
import { SINCE_44, type Story, story } from './story.ts';

export const REQUESTS: readonly Story[] = [
  story(
    'mass cancel of a symbol: r with the true count, then one 8 (150=4) an order with 41',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 37=$a 150=0 39=0
    alice > D 11=b 54=2 38=10 40=2 44=110
    alice < 8 11=b 37=$b 150=0 39=0
    bob > D 11=c 54=1 38=10 40=2 44=100
    bob < 8 11=c 150=0 39=0
    alice > q 11=q 530=1 55=SYMBOL
    alice < r 11=q 530=1 531=1 533=2 532=-
    alice < 8 11=q 41=a 37=$a 150=4 39=4 151=0
    alice < 8 11=q 41=b 37=$b 150=4 39=4 151=0
    `,
    { versions: SINCE_44 },
  ),
  story(
    'mass cancel of one side, stops included',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > D 11=s 54=1 38=10 40=3 99=120
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=2 38=10 40=2 44=110
    alice < 8 11=b 150=0 39=0
    alice > q 11=q 530=1 55=SYMBOL 54=1
    alice < r 11=q 530=1 531=1 533=2
    alice < 8 11=q 41=a 150=4 39=4
    alice < 8 11=q 41=s 150=4 39=4
    `,
    { versions: SINCE_44 },
  ),
  story(
    'mass cancel of all, and of nothing',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > q 11=q 530=7
    alice < r 11=q 530=7 531=7 533=1
    alice < 8 11=q 41=a 150=4 39=4
    alice > q 11=q2 530=7
    alice < r 11=q2 530=7 531=7 533=0
    `,
    { versions: SINCE_44 },
  ),
  story(
    'mass cancel that cannot be: 531=0 with 532',
    `
    alice > q 11=q 530=1 55=NOTHING
    alice < r 11=q 530=1 531=0 532=1
    alice > q 11=q 530=7
    alice < r 11=q 530=7 531=0 533=0
    `,
    { versions: SINCE_44 },
  ),
  story(
    'mass status: an 8 (150=I) an open order, the last one says so; none is one 8 with 911=0',
    `
    alice > AF 584=m0 585=7
    alice < 8 37=NONE 150=I 39=8 584=m0 911=0 912=Y
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > D 11=b 54=2 38=10 40=2 44=110
    alice < 8 11=b 150=0 39=0
    alice > AF 584=m1 585=7
    alice < 8 11=a 150=I 39=0 38=10 584=m1 911=2 912=N
    alice < 8 11=b 150=I 39=0 38=10 584=m1 911=2 912=Y
    alice > AF 584=m2 585=1 55=SYMBOL 54=2
    alice < 8 11=b 150=I 39=0 584=m2 911=1 912=Y
    alice > q 11=q 530=7
    alice < r 11=q 531=7 533=2
    alice < 8 11=q 41=a 150=4
    alice < 8 11=q 41=b 150=4
    `,
    { versions: SINCE_44 },
  ),
  story(
    'limit of the instrument on what an order is worth: 103=3',
    `
    alice > D 11=a 54=1 38=11 40=2 44=100
    alice < 8 11=a 150=8 39=8 103=3
    alice > D 11=b 54=1 38=10 40=2 44=100
    alice < 8 11=b 150=0 39=0
    alice > G 11=c 41=b 54=1 38=11 40=2 44=100
    alice < 9 11=c 41=b 434=2 102=99 39=0
    `,
    { instrument: { maxNotional: '1000' } },
  ),
  story(
    'limit of open orders a member: 103=3, and a cancel makes room',
    `
    alice > D 11=a 54=1 38=1 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > D 11=b 54=1 38=1 40=2 44=100
    alice < 8 11=b 150=0 39=0
    alice > D 11=c 54=1 38=1 40=2 44=100
    alice < 8 11=c 150=8 39=8 103=3
    alice > F 11=x 41=a 54=1
    alice < 8 11=x 41=a 150=4 39=4
    alice > D 11=d 54=1 38=1 40=2 44=100
    alice < 8 11=d 150=0 39=0
    `,
    { instrument: { maxOpenOrders: 2 } },
  ),
];
