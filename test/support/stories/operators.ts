/** What the operator does to one member, and how members are told. */
import { type Story, story } from './story.ts';

export const OPERATORS: readonly Story[] = [
  story(
    "cancel of one member's orders: 150=4 with 378=8, and others keep theirs",
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > D 11=s 54=1 38=10 40=3 99=120
    alice < 8 11=s 150=0 39=0
    bob > D 11=b 54=1 38=5 40=2 44=100
    bob < 8 11=b 150=0 39=0
    operator > cancel alice
    alice < 8 11=a 41=- 150=4 39=4 378=8 58="canceled by the operator" 151=0
    alice < 8 11=s 41=- 150=4 39=4 378=8 58="canceled by the operator" 151=0
    carol > D 11=c 54=2 38=5 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    "a member's own limit of quantity: 103=3, and 9 with 102=99 for a replace",
    `
    operator > limit alice maxOrderQty=10
    alice > D 11=a 54=1 38=11 40=2 44=100
    alice < 8 11=a 150=8 39=8 103=3
    alice > D 11=b 54=1 38=10 40=2 44=100
    alice < 8 11=b 150=0 39=0
    alice > G 11=c 41=b 54=1 38=12 40=2 44=100
    alice < 9 11=c 41=b 434=2 102=99 39=0
    bob > D 11=d 54=1 38=11 40=2 44=100
    bob < 8 11=d 150=0 39=0
    operator > limit alice maxOrderQty=none
    `,
  ),
  story(
    "a member's own price band: 103=99",
    `
    bob > D 11=b 54=2 38=1 40=2 44=100
    bob < 8 11=b 150=0 39=0
    carol > D 11=c 54=1 38=1 40=2 44=100
    carol < 8 11=c 150=0 39=0
    carol < 8 11=c 150=F 39=2
    bob < 8 11=b 150=F 39=2
    operator > limit alice priceBandPct=10
    alice > D 11=a 54=1 38=1 40=2 44=89
    alice < 8 11=a 150=8 39=8 103=99
    alice > D 11=a2 54=1 38=1 40=2 44=90
    alice < 8 11=a2 150=0 39=0
    operator > limit alice priceBandPct=none
    `,
  ),
  story(
    "a member's default against its own trades, which an order may overrule",
    `
    operator > limit alice selfTradePrevention=CancelNewest
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=4 40=2 44=100
    alice < 8 11=b 150=0 39=0
    alice < 8 11=b 41=- 150=4 39=4 378=8
    alice > D 11=c 54=1 38=4 40=2 44=100 7929=0
    alice < 8 11=c 150=0 39=0
    alice < 8 11=s 150=F 39=2
    alice < 8 11=c 150=F 39=2
    operator > limit alice selfTradePrevention=none
    `,
  ),
];
