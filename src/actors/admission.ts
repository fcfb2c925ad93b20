/**
 * Which of a session's commands the exchange takes while it is busy or about to stop. Cancels are worth more than
 * orders: they make a market smaller, and whoever sends them has a reason.
 */
import type { SubmitCommands } from './protocol.ts';

type Submitted = SubmitCommands['commands'][number];

/** The share of a bound that only cancels may use. */
export const KEPT_FOR_CANCELS = 0.1;

/** What is taken and what is refused, each in its order. */
export interface Admission {
  readonly taken: readonly Submitted[];
  readonly refused: readonly Submitted[];
}

/** A request to cancel orders: of one order (F), or of many (q). */
export function isCancel({ command }: Submitted): boolean {
  return command.type === 'OrderCancelRequest' || command.type === 'OrderMassCancelRequest';
}

/** Takes what there is `room` for, of `bound` in all. Cancels may use all of the bound, others nine tenths. */
export function admit(commands: readonly Submitted[], room: number, bound: number): Admission {
  const kept = bound * KEPT_FOR_CANCELS;
  if (room - kept >= commands.length) return { taken: commands, refused: [] };
  const taken: Submitted[] = [];
  const refused: Submitted[] = [];
  for (const one of commands) {
    const left = room - taken.length - (isCancel(one) ? 0 : kept);
    if (left > 0) taken.push(one);
    else refused.push(one);
  }
  return { taken, refused };
}

/** Takes cancels only. */
export function admitCancels(commands: readonly Submitted[]): Admission {
  return { taken: commands.filter(isCancel), refused: commands.filter((one) => !isCancel(one)) };
}
