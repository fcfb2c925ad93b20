/** What members ask about instruments: their terms, and whether they trade. */
import { SINCE_44, type Story, story } from './story.ts';

export const INSTRUMENTS: readonly Story[] = [
  story(
    'list of one instrument: tick, lot and bounds',
    `
    alice > x 320=l 559=0
    alice < y 320=l 560=0 393=1 893=Y 146=1 55=SYMBOL 107="COIN against USD" 15=USD 969=1 561=1 562=1 1140=1000000000000
    `,
    { versions: SINCE_44, isPure: false },
  ),
  story(
    'list of an instrument that is not there: 560=2; of a kind that there is not, or with updates: 560=1',
    `
    alice > x 320=l1 559=0 55=NOTHING
    alice < y 320=l1 560=2 146=- 393=-
    alice > x 320=l2 559=3 55=SYMBOL
    alice < y 320=l2 560=1 146=- 393=-
    alice > x 320=l3 559=0 55=SYMBOL 263=1
    alice < y 320=l3 560=1 146=- 393=-
    `,
    { versions: SINCE_44, isPure: false },
  ),
  story(
    'status: once for whoever asks once, and again with each change for whoever wants that, until it ends',
    `
    alice > e 324=once 263=0
    alice < f 324=once 55=SYMBOL 325=N 326=17 58=-
    bob > e 324=now 263=1
    bob < f 324=now 55=SYMBOL 325=N 326=17 58=-
    operator > halt
    bob < f 324=now 325=Y 326=2
    operator > cancel-only
    bob < f 324=now 325=Y 326=18
    alice > e 324=again 263=0
    alice < f 324=again 325=N 326=18
    operator > resume
    bob < f 324=now 325=Y 326=17 58=-
    bob > e 324=now 263=2
    bob > e 324=last 263=0
    bob < f 324=last 325=N 326=17 58=-
    operator > halt
    operator > resume
    `,
    { isPure: false },
  ),
  story(
    'status: 58 has the reason of the operator',
    `
    operator > halt
    alice > e 324=s 263=0
    alice < f 324=s 326=2 58="halted: a story"
    operator > cancel-only
    alice > e 324=s 263=0
    alice < f 324=s 326=18 58="takes cancels only: a story"
    operator > resume
    `,
    { versions: SINCE_44, isPure: false },
  ),
];
