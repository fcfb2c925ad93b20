/** Cancels and replaces against fills and each other: the table of races, one story a row. */
import { type Story, story } from './story.ts';

export const RACES: readonly Story[] = [
  story(
    'cancel of an unfilled order: 4 at once',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    alice > F 11=y 41=x 54=1
    alice < 8 11=y 41=x 150=4 39=4 38=10 14=0 151=0
    `,
  ),
  story(
    'order fills before the cancel is processed: the fill, then 9 with 434=1, 102=0, 39=2',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=2 14=10 151=0
    alice > F 11=y 41=x 54=1
    alice < 9 11=y 41=x 37=$x 434=1 102=0 39=2
    `,
  ),
  story(
    'cancel before the acknowledgement: 0, then 4',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100 & F 11=y 41=x 54=1
    alice < 8 11=x 150=0 39=0
    alice < 8 11=y 41=x 150=4 39=4
    `,
  ),
  story(
    'cancel of a new order that is rejected: 8, then 9 with 102=1',
    `
    alice > D 11=x 54=1 38=0.5 40=2 44=100 & F 11=y 41=x 54=1
    alice < 8 11=x 150=8 39=8
    alice < 9 11=y 41=x 37=NONE 434=1 102=1 39=8
    `,
  ),
  story(
    'cancel of an unknown order: 9 with 37=NONE, 102=1, 39=8',
    `
    alice > F 11=y 41=nothing 54=1
    alice < 9 11=y 41=nothing 37=NONE 434=1 102=1 39=8
    `,
  ),
  story(
    "cancel of somebody else's order: unknown, and the order lives on",
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    bob > F 11=y 41=x 54=1
    bob < 9 11=y 41=x 37=NONE 434=1 102=1 39=8
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=2
    `,
  ),
  story(
    'duplicate 11 on a cancel: 9 with 102=6',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice > F 11=x 41=x 54=1
    alice < 9 11=x 41=x 37=$x 434=1 102=6 39=0
    `,
  ),
  story(
    'replace up, unfilled: 5 with 39=0',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=15 40=2 44=100
    alice < 8 11=y 41=x 37=$x 150=5 39=0 38=15 14=0 151=15
    `,
  ),
  story(
    'replace up, a fill arrives before: the fill under the old terms, then 5 with 39=1',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 41=- 150=F 39=1 38=10 14=4 151=6
    alice > G 11=y 41=x 54=1 38=15 40=2 44=100
    alice < 8 11=y 41=x 37=$x 150=5 39=1 38=15 14=4 151=11
    `,
  ),
  story(
    'replace up of a filled order: 9 with 434=2, 102=0, 39=2',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=2
    alice > G 11=y 41=x 54=1 38=15 40=2 44=100
    alice < 9 11=y 41=x 37=$x 434=2 102=0 39=2
    `,
  ),
  story(
    'replace of the price only, the fill wins: 9 with 434=2, 102=0, 39=2',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=2
    alice > G 11=y 41=x 54=1 38=10 40=2 44=101
    alice < 9 11=y 41=x 434=2 102=0 39=2
    `,
  ),
  story(
    'replace down above CumQty: 5 with 39=1, 151=new-cum, and later fills against the new quantity',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=1
    alice > G 11=y 41=x 54=1 38=6 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=1 38=6 14=4 151=2
    bob > D 11=c 54=2 38=2 40=2 44=100
    bob < 8 11=c 150=0 39=0
    bob < 8 11=c 150=F 39=2
    alice < 8 11=y 150=F 39=2 38=6 14=6 151=0
    `,
  ),
  story(
    'replace down to exactly CumQty: 5 with 39=2, 38=14, 151=0',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=1
    alice > G 11=y 41=x 54=1 38=4 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=2 38=4 14=4 151=0
    `,
  ),
  story(
    'replace down below CumQty: the same, 38 amended to CumQty',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=1
    alice > G 11=y 41=x 54=1 38=2 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=2 38=4 14=4 151=0
    `,
  ),
  story(
    'two replaces in sequence: the second uses 41=y, and OrderID stays',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100 & G 11=y 41=x 54=1 38=12 40=2 44=100 & G 11=z 41=y 54=1 38=14 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice < 8 11=y 41=x 37=$x 150=5 39=0 38=12
    alice < 8 11=z 41=y 37=$x 150=5 39=0 38=14
    `,
  ),
  story(
    'first replace rejected, second accepted: 9 for y, then 5 for z with 41=x, the last accepted id',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=12 40=2 44=100.5 & G 11=z 41=x 54=1 38=14 40=2 44=100
    alice < 9 11=y 41=x 37=$x 434=2 102=99 39=0
    alice < 8 11=z 41=x 37=$x 150=5 39=0 38=14
    `,
  ),
  story(
    'cancel while a replace is on its way: in order',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100 & G 11=y 41=x 54=1 38=12 40=2 44=100 & F 11=z 41=y 54=1
    alice < 8 11=x 150=0 39=0
    alice < 8 11=y 41=x 150=5 39=0 38=12
    alice < 8 11=z 41=y 150=4 39=4 38=12 14=0 151=0
    `,
  ),
  story(
    'replace with a duplicate 11: 9 with 102=6, and the order is unchanged',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    alice > G 11=x 41=x 54=1 38=12 40=2 44=100
    alice < 9 11=x 41=x 434=2 102=6 39=0
    alice > H 11=x 54=1
    alice < 8 11=x 150=I 39=0 38=10
    `,
  ),
  story(
    'priority: kept when the price stays and the quantity does not grow',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    carol > D 11=c 54=1 38=10 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=5 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=0 38=5
    bob > D 11=b 54=2 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=y 150=F 39=2
    `,
  ),
  story(
    'priority: lost when the quantity grows',
    `
    alice > D 11=x 54=1 38=5 40=2 44=100
    alice < 8 11=x 150=0 39=0
    carol > D 11=c 54=1 38=5 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=6 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=0 38=6
    bob > D 11=b 54=2 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    carol < 8 11=c 150=F 39=2
    `,
  ),
  story(
    'priority: lost when the price changes, also when it comes back',
    `
    alice > D 11=x 54=1 38=5 40=2 44=100
    alice < 8 11=x 150=0 39=0
    carol > D 11=c 54=1 38=5 40=2 44=100
    carol < 8 11=c 150=0 39=0
    alice > G 11=y 41=x 54=1 38=5 40=2 44=99 & G 11=z 41=y 54=1 38=5 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=0 44=99
    alice < 8 11=z 41=y 150=5 39=0 44=100
    bob > D 11=b 54=2 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    carol < 8 11=c 150=F 39=2
    `,
  ),
  story(
    'a replace that crosses trades at once: 5, then F',
    `
    bob > D 11=b 54=2 38=5 40=2 44=101
    bob < 8 11=b 150=0 39=0
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=10 40=2 44=102
    alice < 8 11=y 41=x 150=5 39=0 44=102 14=0 151=10
    alice < 8 11=y 150=F 39=1 31=101 32=5 14=5 151=5
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'a replace that changes what cannot change: 9 with 102=99, and nothing has changed',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=10 40=2 44=100 59=1
    alice < 9 11=y 41=x 434=2 102=99 39=0
    alice > G 11=z 41=x 54=2 38=10 40=2 44=100
    alice < 9 11=z 41=x 434=2 102=99 39=0
    alice > H 11=x 54=1
    alice < 8 11=x 150=I 39=0 38=10 44=100 59=0
    `,
  ),
];
