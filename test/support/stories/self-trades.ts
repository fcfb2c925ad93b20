/** How one member's orders are kept from each other. */
import { type Story, story } from './story.ts';

/** 7929: 1 cancels the newest, 2 the oldest, 3 both, 4 takes the smaller quantity off both. */
export const SELF_TRADES: readonly Story[] = [
  story(
    "none: a member's orders trade with each other",
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=4 40=2 44=100
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 150=F 39=2
    alice < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'cancel newest: the incoming order ends, the resting one stays',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 7929=1
    alice < 8 11=b 150=0 39=0
    alice < 8 11=b 41=- 150=4 39=4 378=8 38=6 14=0 151=0
    bob > D 11=t 54=1 38=4 40=2 44=100
    bob < 8 11=t 150=0 39=0
    bob < 8 11=t 150=F 39=2
    alice < 8 11=s 150=F 39=2
    `,
  ),
  story(
    'cancel oldest: the resting order ends, the incoming one trades on',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    bob > D 11=t 54=2 38=2 40=2 44=100
    bob < 8 11=t 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 7929=2
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 41=- 150=4 39=4 378=8 38=4 14=0 151=0
    alice < 8 11=b 150=F 39=1 32=2 14=2 151=4
    bob < 8 11=t 150=F 39=2
    `,
  ),
  story(
    'cancel both',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 7929=3
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 41=- 150=4 39=4 378=8 14=0 151=0
    alice < 8 11=b 41=- 150=4 39=4 378=8 14=0 151=0
    `,
  ),
  story(
    'decrement: the smaller quantity comes off both; 150=D with the new 38 and 151, 4 where nothing is left',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 7929=4
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 150=4 39=4 378=8 14=0 151=0
    alice < 8 11=b 150=D 39=0 378=5 38=2 14=0 151=2
    `,
  ),
  story(
    'decrement of equal quantities: both are canceled',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=4 40=2 44=100 7929=4
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 150=4 39=4 378=8 14=0 151=0
    alice < 8 11=b 150=4 39=4 378=8 14=0 151=0
    `,
  ),
  story(
    'after a partial fill with another: the fill stays, the rest is prevented',
    `
    bob > D 11=t 54=2 38=2 40=2 44=99
    bob < 8 11=t 150=0 39=0
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 7929=1
    alice < 8 11=b 150=0 39=0
    alice < 8 11=b 150=F 39=1 31=99 32=2 14=2 151=4
    alice < 8 11=b 150=4 39=4 378=8 38=6 14=2 151=0 6=99
    bob < 8 11=t 150=F 39=2
    `,
  ),
  story(
    'MinQty counts only what trades before the first order of its own',
    `
    bob > D 11=t 54=2 38=2 40=2 44=99
    bob < 8 11=t 150=0 39=0
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 110=3 7929=1
    alice < 8 11=b 150=0 39=0
    alice < 8 11=b 150=C 39=C 14=0 151=0
    alice > D 11=c 54=1 38=6 40=2 44=100 110=2 7929=1
    alice < 8 11=c 150=0 39=0
    alice < 8 11=c 150=F 39=1 32=2
    alice < 8 11=c 150=4 39=4 378=8 14=2 151=0
    bob < 8 11=t 150=F 39=2
    `,
  ),
  story(
    'an iceberg of its own: all of it goes, not only the slice',
    `
    alice > D 11=s 54=2 38=6 40=2 44=100 111=2
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=1 40=2 44=100 7929=2
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 150=4 39=4 378=8 38=6 14=0 151=0
    `,
  ),
  story(
    'the group narrows it: orders of another group may trade with each other',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100 7928=1
    alice < 8 11=s 150=0 39=0
    alice > D 11=b 54=1 38=4 40=2 44=100 7928=2 7929=1
    alice < 8 11=b 150=0 39=0
    alice < 8 11=s 150=F 39=2
    alice < 8 11=b 150=F 39=2
    `,
  ),
  story(
    'fill or kill is decided beforehand on what is neither its own nor would be removed',
    `
    alice > D 11=s 54=2 38=4 40=2 44=100
    alice < 8 11=s 150=0 39=0
    bob > D 11=t 54=2 38=4 40=2 44=100
    bob < 8 11=t 150=0 39=0
    alice > D 11=b 54=1 38=6 40=2 44=100 59=4 7929=2
    alice < 8 11=b 150=0 39=0
    alice < 8 11=b 150=C 39=C 14=0 151=0
    alice > D 11=c 54=1 38=4 40=2 44=100 59=4 7929=2
    alice < 8 11=c 150=0 39=0
    alice < 8 11=s 41=- 150=4 39=4 378=8
    alice < 8 11=c 150=F 39=2 32=4
    bob < 8 11=t 150=F 39=2
    `,
  ),
];
