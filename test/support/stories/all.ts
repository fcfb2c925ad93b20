/** Every story, by chapter. */
import { INSTRUMENTS } from './instruments.ts';
import { OPERATORS } from './operators.ts';
import { ORDER_TYPES } from './order-types.ts';
import { RACES } from './races.ts';
import { REQUESTS } from './requests.ts';
import { SELF_TRADES } from './self-trades.ts';
import type { Story } from './story.ts';
import { TRANSITIONS } from './transitions.ts';

export const STORIES: readonly (readonly [chapter: string, stories: readonly Story[]])[] = [
  ['transitions', TRANSITIONS],
  ['races of cancels and replaces', RACES],
  ['types of orders', ORDER_TYPES],
  ['self-trade prevention', SELF_TRADES],
  ['requests and limits', REQUESTS],
  ['instruments and their status', INSTRUMENTS],
  ['operators', OPERATORS],
];
