/** The base table of transitions: each event of an order's life, and what it is reported as. */
import { SINCE_44, type Story, story } from './story.ts';

export const TRANSITIONS: readonly Story[] = [
  story(
    'accepted: 150=0, 39=0, q/0/q',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 41=- 150=0 39=0 54=1 40=2 44=100 59=0 38=10 14=0 151=10 6=0 31=- 32=- 103=- 378=-
    `,
  ),
  story(
    'rejected: 150=8, 39=8, q/0/0 with 103 and 58, and the ClOrdID is used up',
    `
    alice > D 11=a 54=1 38=0.5 40=2 44=100
    alice < 8 11=a 37=NONE 150=8 39=8 38=0.5 14=0 151=0 103=13
    alice > D 11=a 54=1 38=5 40=2 44=100
    alice < 8 11=a 150=8 39=8 14=0 151=0 103=6
    `,
  ),
  story(
    'partial fill: 150=F, 39=1, q/c/q-c; full fill: 150=F, 39=2, q/q/0',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 37=$a 150=0 39=0 38=10 14=0 151=10
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0 38=4 14=0 151=4
    bob < 8 11=b 150=F 39=2 38=4 14=4 151=0 31=100 32=4 6=100 851=2 527=$t
    alice < 8 11=a 37=$a 150=F 39=1 38=10 14=4 151=6 31=100 32=4 6=100 851=1 527=$t
    bob > D 11=c 54=2 38=6 40=2 44=99
    bob < 8 11=c 150=0 39=0 38=6 14=0 151=6
    bob < 8 11=c 150=F 39=2 38=6 14=6 151=0 31=100 32=6
    alice < 8 11=a 37=$a 150=F 39=2 38=10 14=10 151=0 31=100 32=6 6=100
    `,
  ),
  story(
    'marketable on entry: 0, then F for each resting order, at the resting prices, best and oldest first',
    `
    bob > D 11=b1 54=2 38=1 40=2 44=102
    bob < 8 11=b1 150=0 39=0
    bob > D 11=b2 54=2 38=1 40=2 44=100
    bob < 8 11=b2 150=0 39=0
    carol > D 11=c1 54=2 38=1 40=2 44=100
    carol < 8 11=c1 150=0 39=0
    alice > D 11=a 54=1 38=4 40=2 44=103
    alice < 8 11=a 150=0 39=0 38=4 14=0 151=4
    alice < 8 11=a 150=F 39=1 14=1 151=3 31=100 32=1 6=100
    alice < 8 11=a 150=F 39=1 14=2 151=2 31=100 32=1 6=100
    alice < 8 11=a 150=F 39=1 14=3 151=1 31=102 32=1 6=100.666666666666666667
    bob < 8 11=b2 150=F 39=2 31=100
    bob < 8 11=b1 150=F 39=2 31=102
    carol < 8 11=c1 150=F 39=2 31=100
    `,
  ),
  story(
    'IOC remainder: 150=C, 39=C, q/c/0',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=100 59=3
    alice < 8 11=a 150=0 39=0 59=3 38=10 14=0 151=10
    alice < 8 11=a 150=F 39=1 38=10 14=4 151=6 31=100 32=4
    alice < 8 11=a 150=C 39=C 38=10 14=4 151=0 41=- 378=-
    bob < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'FOK that cannot fill: 150=C, 39=C, q/0/0, and nothing has traded',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=100 59=4
    alice < 8 11=a 150=0 39=0 59=4 38=10 14=0 151=10
    alice < 8 11=a 150=C 39=C 38=10 14=0 151=0
    `,
  ),
  story(
    'FOK that can: 0, then F until it is filled',
    `
    bob > D 11=b1 54=2 38=4 40=2 44=100
    bob < 8 11=b1 150=0 39=0
    bob > D 11=b2 54=2 38=6 40=2 44=101
    bob < 8 11=b2 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=101 59=4
    alice < 8 11=a 150=0 39=0
    alice < 8 11=a 150=F 39=1 14=4 151=6 31=100 32=4
    alice < 8 11=a 150=F 39=2 14=10 151=0 31=101 32=6 6=100.6
    bob < 8 11=b1 150=F 39=2
    bob < 8 11=b2 150=F 39=2
    `,
  ),
  story(
    'GTD expiry by ExpireTime: 150=C, 39=C, as it happens',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 59=6 126=+1s
    alice < 8 11=a 150=0 39=0 59=6 432=- 38=10 14=0 151=10
    alice < 8 11=a 150=C 39=C 59=6 38=10 14=0 151=0 41=-
    `,
    { isPure: false },
  ),
  story(
    'post-only that would cross: 150=8, 39=8, q/0/0, 103=99, and the resting order is as it was',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=100 18=6
    alice < 8 11=a 150=8 39=8 18=6 38=10 14=0 151=0 103=99
    alice > D 11=a2 54=1 38=10 40=2 44=99 18=6
    alice < 8 11=a2 150=0 39=0 18=6 38=10 14=0 151=10
    `,
  ),
  story(
    'post-only slides behind the best opposite price where the instrument says so: 0, then 150=D with 378=3',
    `
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    alice > D 11=a 54=1 38=10 40=2 44=105 18=6
    alice < 8 11=a 150=0 39=0 44=105 38=10 14=0 151=10
    alice < 8 11=a 150=D 39=0 44=99 378=3 38=10 14=0 151=10
    `,
    { instrument: { postOnlySlides: true } },
  ),
  story(
    'cancel accepted: 150=4, 39=4, q/c/0, 11=y, 41=x',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0 37=$x
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=x 150=F 39=1 14=4 151=6
    alice > F 11=y 41=x 54=1
    alice < 8 11=y 41=x 37=$x 150=4 39=4 38=10 14=4 151=0 6=100 378=-
    `,
  ),
  story(
    "replace accepted: 150=5, 39 by CumQty against the new quantity, q'/c/q'-c, 11=y, 41=x",
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=12 40=2 44=101
    alice < 8 11=y 41=x 37=$x 150=5 39=0 38=12 14=0 151=12 44=101
    bob > D 11=b 54=2 38=4 40=2 44=101
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=y 150=F 39=1 38=12 14=4 151=8 31=101
    alice > G 11=z 41=y 54=1 38=6 40=2 44=101
    alice < 8 11=z 41=y 37=$x 150=5 39=1 38=6 14=4 151=2
    `,
  ),
  story(
    'unsolicited cancel by the operator: 150=4, 39=4, 11=x, no 41, 378=8',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 150=0 39=0
    operator > cancel
    alice < 8 11=x 41=- 150=4 39=4 38=10 14=0 151=0 378=8
    `,
  ),
  story(
    'restated: a fresh slice of an iceberg is 150=D, 378=8, with the order as it stands',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100 111=4
    alice < 8 11=a 150=0 39=0 111=4 38=10 14=0 151=10
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2 32=4
    alice < 8 11=a 150=F 39=1 38=10 14=4 151=6 31=100 32=4
    alice < 8 11=a 150=D 39=1 378=8 111=4 38=10 14=4 151=6
    `,
  ),
  story(
    'stop triggered: 150=D with 636=Y (L in FIX.5.0), then what it does',
    `
    carol > D 11=c 54=2 38=5 40=2 44=101
    carol < 8 11=c 150=0 39=0
    alice > D 11=s 54=1 38=3 40=3 99=100
    alice < 8 11=s 150=0 39=0 40=3 99=100 44=- 636=N 38=3 14=0 151=3
    bob > D 11=b1 54=1 38=1 40=2 44=100
    bob < 8 11=b1 150=0 39=0
    carol > D 11=c2 54=2 38=1 40=2 44=100
    carol < 8 11=c2 150=0 39=0
    carol < 8 11=c2 150=F 39=2 31=100
    carol < 8 11=c 150=F 39=1 31=101 32=3
    bob < 8 11=b1 150=F 39=2 31=100
    alice < 8 11=s 150=D 39=0 378=99 636=Y 38=3 14=0 151=3
    alice < 8 11=s 150=F 39=2 38=3 14=3 151=0 31=101
    `,
  ),
  story(
    'bust: 150=H for both with 19, 38 and 14 fall, 151 stays; a closed order stays closed',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2 17=$b 527=$t
    alice < 8 11=a 150=F 39=1 17=$a 527=$t 38=10 14=4 151=6
    operator > bust
    alice < 8 11=a 150=H 19=$a 39=0 38=6 14=0 151=6 6=0
    bob < 8 11=b 150=H 19=$b 39=4 38=0 14=0 151=0 6=0
    alice > F 11=x 41=a 54=1
    alice < 8 11=x 41=a 150=4 39=4 38=6 14=0 151=0
    `,
  ),
  story(
    'correct: 150=G for both with 19 and the new 31 and 32, AvgPx anew',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2 17=$b
    alice < 8 11=a 150=F 39=1 17=$a
    operator > correct 3 99
    alice < 8 11=a 150=G 19=$a 39=1 31=99 32=3 38=9 14=3 151=6 6=99
    bob < 8 11=b 150=G 19=$b 39=2 31=99 32=3 38=3 14=3 151=0 6=99
    `,
  ),
  story(
    'status answer: 150=I and the current 39, without any effect',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 37=$a 150=0 39=0
    bob > D 11=b 54=2 38=4 40=2 44=100
    bob < 8 11=b 150=0 39=0
    bob < 8 11=b 150=F 39=2
    alice < 8 11=a 150=F 39=1
    alice > H 11=a 54=1
    alice < 8 11=a 37=$a 150=I 39=1 38=10 14=4 151=6 6=100 31=- 32=-
    bob > H 11=b 54=2
    bob < 8 11=b 150=I 39=2 38=4 14=4 151=0
    bob > H 11=nothing 54=2
    bob < 8 11=nothing 37=NONE 150=I 39=8 103=5
    `,
  ),
  story(
    'status answer: 790 comes back, and any accepted ClOrdID of the chain names the order',
    `
    alice > D 11=x 54=1 38=10 40=2 44=100
    alice < 8 11=x 37=$x 150=0 39=0
    alice > G 11=y 41=x 54=1 38=8 40=2 44=100
    alice < 8 11=y 41=x 150=5 39=0
    alice > H 11=x 54=1 790=q1
    alice < 8 11=y 37=$x 150=I 39=0 38=8 790=q1
    `,
    { versions: SINCE_44 },
  ),
  story(
    'halt: new orders are rejected with 103=2, cancels work, and after the resume trading goes on',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    alice > D 11=a2 54=1 38=1 40=2 44=100
    alice < 8 11=a2 150=0 39=0
    operator > halt
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=8 39=8 103=2
    alice > G 11=g 41=a 54=1 38=12 40=2 44=100
    alice < 9 11=g 41=a 434=2 102=2 39=0
    alice > F 11=x 41=a2 54=1
    alice < 8 11=x 41=a2 150=4 39=4
    operator > resume
    bob > D 11=b2 54=2 38=10 40=2 44=100
    bob < 8 11=b2 150=0 39=0
    bob < 8 11=b2 150=F 39=2
    alice < 8 11=a 150=F 39=2
    `,
  ),
  story(
    'cancel-only: the same for orders and replaces, cancels work',
    `
    alice > D 11=a 54=1 38=10 40=2 44=100
    alice < 8 11=a 150=0 39=0
    operator > cancel-only
    bob > D 11=b 54=2 38=10 40=2 44=100
    bob < 8 11=b 150=8 39=8 103=2
    alice > G 11=g 41=a 54=1 38=5 40=2 44=100
    alice < 9 11=g 41=a 434=2 102=2 39=0
    alice > F 11=x 41=a 54=1
    alice < 8 11=x 41=a 150=4 39=4
    operator > resume
    `,
  ),
];
