/** Makes a failing script short: leaves out steps, then requests, as long as the venue still breaks a promise. */
import { playHistory } from './history.ts';
import type { Script, Step } from './script.ts';

/** Plays at most `maxPlays` histories. The result fails as well; it is the script itself when nothing can be left out. */
export function shrink(script: Script, fails: (script: Script) => boolean, maxPlays = 400): Script {
  let best = script;
  let playsLeft = maxPlays;
  const tryIt = (steps: readonly Step[]): boolean => {
    if (playsLeft === 0) return false;
    playsLeft -= 1;
    const shorter = { ...best, steps };
    if (!fails(shorter)) return false;
    best = shorter;
    return true;
  };
  for (let size = Math.ceil(script.steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < best.steps.length; ) {
      const { steps } = best;
      if (!tryIt([...steps.slice(0, from), ...steps.slice(from + size)])) from += size;
    }
  }
  for (const [index, { action }] of best.steps.entries()) {
    if (action.type !== 'Send') continue;
    for (const wish of action.wishes) {
      tryIt(best.steps.map((step, at) => (at === index ? without(step, wish.id) : step)));
    }
  }
  return best;
}

function without(step: Step, wishId: string): Step {
  if (step.action.type !== 'Send') return step;
  return {
    ...step,
    action: { ...step.action, wishes: step.action.wishes.filter(({ id }) => id !== wishId) },
  };
}

/** Whether the venue breaks a promise in it. */
export function isBroken(script: Script): boolean {
  return playHistory(script).breaches.length > 0;
}
