/** The types of orders and what each of them does. */
import { type Story, story } from './story.ts';

export const ORDER_TYPES: readonly Story[] = [
  story(
    'market: trades up to its protection, and what is left expires',
    `
    bob > D 11=b0 54=2 38=1 40=2 44=100
    bob < 8 11=b0 150=0 39=0
    alice > D 11=a0 54=1 38=1 40=2 44=100
    alice < 8 11=a0 150=0 39=0
    alice < 8 11=a0 150=F 39=2
    bob < 8 11=b0 150=F 39=2
    bob > D 11=b1 54=2 38=2 40=2 44=104
    bob < 8 11=b1 150=0 39=0
    bob > D 11=b2 54=2 38=2 40=2 44=106
    bob < 8 11=b2 150=0 39=0
    alice > D 11=a 54=1 38=5 40=1
    alice < 8 11=a 150=0 39=0 40=1 44=- 38=5 151=5
    alice < 8 11=a 150=F 39=1 31=104 32=2 14=2 151=3
    alice < 8 11=a 150=C 39=C 14=2 151=0
    bob < 8 11=b1 150=F 39=2
    `,
  ),
  story(
    'market without any price to go by: 8 with 103=99',
    `
    alice > D 11=a 54=1 38=5 40=1
    alice < 8 11=a 150=8 39=8 103=99
    `,
  ),
  story(
    'stop-limit: waits, is triggered by a trade at its StopPx, and then rests as a limit order',
    `
    alice > D 11=s 54=1 38=3 40=4 99=105 44=106
    alice < 8 11=s 150=0 39=0 40=4 99=105 44=106 636=N
    bob > D 11=b 54=2 38=1 40=2 44=105
    bob < 8 11=b 150=0 39=0
    carol > D 11=c 54=1 38=1 40=2 44=105
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2 31=105
    bob < 8 11=b 150=F 39=2
    alice < 8 11=s 150=D 39=0 378=99 636=Y 38=3 14=0 151=3
    bob > D 11=b2 54=2 38=3 40=2 44=106
    bob < 8 11=b2 150=0 39=0
    bob < 8 11=b2 150=F 39=2 31=106
    alice < 8 11=s 150=F 39=2 31=106 636=Y
    `,
  ),
  story(
    'a sell stop is triggered from above, and one not reached waits on',
    `
    alice > D 11=b1 54=1 38=2 40=2 44=95
    alice < 8 11=b1 150=0 39=0
    carol > D 11=s1 54=2 38=1 40=3 99=96
    carol < 8 11=s1 150=0 39=0 636=N
    carol > D 11=s2 54=2 38=1 40=3 99=90
    carol < 8 11=s2 150=0 39=0 636=N
    bob > D 11=b 54=2 38=1 40=2 44=95
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2 31=95
    alice < 8 11=b1 150=F 39=1 31=95
    alice < 8 11=b1 150=F 39=2 31=95
    carol < 8 11=s1 150=D 39=0 378=99 636=Y
    carol < 8 11=s1 150=F 39=2 31=95
    carol > H 11=s2 54=2
    carol < 8 11=s2 150=I 39=0 151=1
    `,
  ),
  story(
    'a cascade of stops runs by StopPx as the trade crosses them, then by entry, each to its end',
    `
    bob > D 11=b1 54=2 38=1 40=2 44=100
    bob < 8 11=b1 150=0 39=0
    bob > D 11=b2 54=2 38=1 40=2 44=101
    bob < 8 11=b2 150=0 39=0
    bob > D 11=b3 54=2 38=5 40=2 44=102
    bob < 8 11=b3 150=0 39=0
    carol > D 11=s2 54=1 38=1 40=3 99=101
    carol < 8 11=s2 150=0 39=0
    carol > D 11=s1 54=1 38=1 40=3 99=100
    carol < 8 11=s1 150=0 39=0
    carol > D 11=s3 54=1 38=1 40=3 99=101
    carol < 8 11=s3 150=0 39=0
    alice > D 11=a 54=1 38=1 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice < 8 11=a 150=F 39=2 31=100
    bob < 8 11=b1 150=F 39=2 31=100
    bob < 8 11=b2 150=F 39=2 31=101
    bob < 8 11=b3 150=F 39=1 31=102
    bob < 8 11=b3 150=F 39=1 31=102
    carol < 8 11=s1 150=D 636=Y 378=99
    carol < 8 11=s1 150=F 39=2 31=101
    carol < 8 11=s2 150=D 636=Y 378=99
    carol < 8 11=s2 150=F 39=2 31=102
    carol < 8 11=s3 150=D 636=Y 378=99
    carol < 8 11=s3 150=F 39=2 31=102
    `,
  ),
  story(
    'a stop order that waits can be replaced and canceled',
    `
    alice > D 11=x 54=1 38=3 40=3 99=105
    alice < 8 11=x 150=0 39=0 99=105 636=N
    alice > G 11=y 41=x 54=1 38=4 40=3 99=110
    alice < 8 11=y 41=x 150=5 39=0 99=110 38=4 636=N
    alice > F 11=z 41=y 54=1
    alice < 8 11=z 41=y 150=4 39=4 38=4 14=0 151=0
    `,
  ),
  story(
    'MinQty: less at once than that, and the order ends without a trade',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=100 110=5
    alice < 8 11=a 150=0 39=0 110=5
    alice < 8 11=a 150=C 39=C 14=0 151=0
    alice > D 11=a2 54=1 38=10 40=2 44=100 110=4
    alice < 8 11=a2 150=0 39=0 110=4
    alice < 8 11=a2 150=F 39=1 32=4 14=4 151=6
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'all-or-none on an IOC order: as fill or kill',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=5 40=2 44=100 59=3 18=G
    alice < 8 11=a 150=0 39=0 18=G
    alice < 8 11=a 150=C 39=C 14=0 151=0
    alice > D 11=a2 54=1 38=4 40=2 44=100 59=3 18=G
    alice < 8 11=a2 150=0 39=0
    alice < 8 11=a2 150=F 39=2 32=4
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'all-or-none on an order that would rest: 8 with 103=11',
    `
    alice > D 11=a 54=1 38=5 40=2 44=100 18=G
    alice < 8 11=a 150=8 39=8 103=11
    `,
  ),
  story(
    'iceberg: a fresh slice goes to the back of its level',
    `
    alice > D 11=a 54=1 38=6 40=2 44=100 111=2
    alice < 8 11=a 150=0 39=0 111=2
    carol > D 11=c 54=1 38=2 40=2 44=100
    carol < 8 11=c 150=0 39=0
    bob > D 11=b 54=2 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=1 32=2
    bob < 8 11=b 150=F 39=1 32=2
    bob < 8 11=b 150=F 39=2 32=1
    alice < 8 11=a 150=F 39=1 32=2 14=2 151=4
    alice < 8 11=a 150=D 39=1 378=8 14=2 151=4
    alice < 8 11=a 150=F 39=1 32=1 14=3 151=3
    carol < 8 11=c 150=F 39=2 32=2
    `,
  ),
  story(
    'post-only and a replace to a price at which it would trade: 9 with 102=2, and the order stays as it was',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=x 54=1 38=10 40=2 44=98 18=6
    alice < 8 11=x 150=0 39=0 18=6
    alice > G 11=y 41=x 54=1 38=10 40=2 44=100 18=6
    alice < 9 11=y 41=x 434=2 102=2 39=0
    alice > G 11=z 41=x 54=1 38=10 40=2 44=99 18=6
    alice < 8 11=z 41=x 150=5 39=0 44=99
    `,
  ),
  story(
    'post-only that slides, and a replace to a price at which it would trade: 150=5 with that, then 150=D with 378=3',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=w 54=1 38=10 40=2 44=101 18=6
    alice < 8 11=w 150=0 39=0 44=101
    alice < 8 11=w 150=D 39=0 378=3 44=99
    alice > D 11=x 54=1 38=10 40=2 44=98 18=6
    alice < 8 11=x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=10 40=2 44=102
    alice < 8 11=y 41=x 150=5 39=0 44=102 151=10
    alice < 8 11=y 41=- 150=D 39=0 378=3 44=99 151=10
    `,
    { instrument: { postOnlySlides: true } },
  ),
  story(
    'a Currency that is not the symbol’s: 8 with 103=99, 9 with 102=99',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 15=EUR
    alice < 8 11=a 150=8 39=8 103=99
    alice > D 11=x 54=1 38=10 40=2 44=100 15=USD
    alice < 8 11=x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=10 40=2 44=99 15=EUR
    alice < 9 11=y 41=x 434=2 102=99 39=0
    alice > G 11=z 41=x 54=1 38=10 40=2 44=99 15=USD
    alice < 8 11=z 41=x 150=5 39=0 44=99
    `,
  ),
  story(
    'GTD by ExpireDate: rests, and says so',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 59=6 432=20991231
    alice < 8 11=a 150=0 39=0 59=6 432=20991231 126=-
    `,
  ),
  story(
    'GTD can be given another end by a replace, which leaves its priority alone',
    `
    alice > D 11=x 54=1 38=5 40=2 44=100 59=6 126=+3600s
    alice < 8 11=x 150=0 39=0 59=6
    carol > D 11=c 54=1 38=5 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=5 40=2 44=100 59=6 432=20991231
    alice < 8 11=y 41=x 150=5 39=0 432=20991231 126=-
    bob > D 11=b 54=2 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=y 150=F 39=2
    `,
  ),
  story(
    'an iceberg that is replaced: more quantity behind the same slice costs priority, a smaller total does not',
    `
    alice > D 11=x 54=1 38=6 40=2 44=100 111=2
    alice < 8 11=x 150=0 39=0 111=2
    carol > D 11=c 54=1 38=2 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=5 40=2 44=100 111=2
    alice < 8 11=y 41=x 150=5 39=0 38=5 111=2
    bob > D 11=b 54=2 38=1 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=y 150=F 39=1 32=1
    alice > G 11=z 41=y 54=1 38=8 40=2 44=100 111=2
    alice < 8 11=z 41=y 150=5 39=1 38=8 151=7
    bob > D 11=b2 54=2 38=1 40=2 44=100
    bob < 8 11=b2 150=0 39=0
    bob < 8 11=b2 150=F 39=2
    carol < 8 11=c 150=F 39=1 32=1
    `,
  ),
  story(
    'a triggered stop-limit rests like any limit order: priority, replace and cancel',
    `
    bob > D 11=b 54=2 38=1 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=x 54=1 38=5 40=4 99=100 44=99
    alice < 8 11=x 150=0 39=0 636=N
    carol > D 11=c 54=1 38=1 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=D 39=0 378=99 636=Y
    alice > G 11=y 41=x 54=1 38=5 40=4 99=100 44=98
    alice < 8 11=y 41=x 150=5 39=0 44=98
    bob > D 11=b2 54=2 38=2 40=2 44=98
    bob < 8 11=b2 150=0 39=0
    bob < 8 11=b2 150=F 39=2
    alice < 8 11=y 150=F 39=1 32=2
    alice > F 11=z 41=y 54=1
    alice < 8 11=z 41=y 150=4 39=4 14=2 151=0
    `,
  ),
  story(
    'the StopPx of a triggered order can be repeated in a replace, and not changed: 9 with 102=99',
    `
    bob > D 11=b 54=2 38=1 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=x 54=1 38=5 40=4 99=100 44=99
    alice < 8 11=x 150=0 39=0 636=N
    carol > D 11=c 54=1 38=1 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=D 39=0 378=99 636=Y
    alice > G 11=y 41=x 54=1 38=4 40=4 99=103 44=99
    alice < 9 11=y 41=x 434=2 102=99 39=0 58="StopPx(99) cannot be replaced: the order was triggered"
    alice > H 11=x 54=1
    alice < 8 11=x 150=I 39=0 38=5 99=100
    alice > G 11=z 41=x 54=1 38=4 40=4 99=100 44=99
    alice < 8 11=z 41=x 150=5 38=4 99=100
    `,
  ),
  story(
    'MaxFloor in the replace of a limit order: an iceberg from then on, in its old place',
    `
    alice > D 11=x 54=1 38=6 40=2 44=100
    alice < 8 11=x 150=0 39=0 111=-
    carol > D 11=c 54=1 38=2 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=6 40=2 44=100 111=2
    alice < 8 11=y 41=x 150=5 39=0 38=6 111=2 151=6
    bob > D 11=b 54=2 38=3 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=1 32=2
    bob < 8 11=b 150=F 39=2 32=1
    alice < 8 11=y 150=F 39=1 32=2 14=2 151=4
    alice < 8 11=y 150=D 39=1 378=8 151=4
    carol < 8 11=c 150=F 39=1 32=1
    `,
  ),
  story(
    'a stop whose price the last trade has reached already runs at once',
    `
    bob > D 11=b 54=2 38=3 40=2 44=100
    bob < 8 11=b 150=0 39=0
    carol > D 11=c 54=1 38=1 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=1
    alice > D 11=s 54=1 38=2 40=3 99=99
    alice < 8 11=s 150=0 39=0 636=N
    alice < 8 11=s 150=D 39=0 378=99 636=Y
    alice < 8 11=s 150=F 39=2 31=100
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'a stop that finds nobody within its protection: triggered, then expired',
    `
    bob > D 11=b 54=2 38=1 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob > D 11=b2 54=2 38=5 40=2 44=106
    bob < 8 11=b2 150=0 39=0
    alice > D 11=s 54=1 38=2 40=3 99=100
    alice < 8 11=s 150=0 39=0
    carol > D 11=c 54=1 38=1 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=2
    alice < 8 11=s 150=D 39=0 636=Y 378=99
    alice < 8 11=s 150=C 39=C 14=0 151=0
    `,
  ),
  story(
    'a MaxFloor of which an order would be too many slices: 8 with 103=13 or 11, and nothing is in the book',
    `
    alice > D 11=a 54=1 38=5000 40=2 44=100 111=1
    alice < 8 11=a 150=8 39=8
    alice > H 11=a 54=1
    alice < 8 11=a 150=I 39=8
    `,
  ),
  story(
    'labels of an order come back in each report of it',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 1=house 526=mine 583=chain
    alice < 8 11=a 150=0 39=0 1=house 526=mine 583=chain
    alice > F 11=x 41=a 54=1
    alice < 8 11=x 41=a 150=4 39=4 1=house 526=mine 583=chain
    `,
    { versions: ['FIX.4.4', 'FIX.5.0SP2'] },
  ),
  story(
    'a GTD order without its end, and one whose end is over: refused by name',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 59=6 126=-1s
    alice < 8 11=a 150=8 39=8 103=99
    `,
    { isPure: false },
  ),
];
