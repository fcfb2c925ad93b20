/** Shows what the demo's members do as it happens, and gathers what differed from what was expected. */
import type { MemberEvent } from './protocol.ts';
import { heading, messageLines, type Style } from './wire-view.ts';

/** Takes the events of one run in their order. Every difference is added to `differences`. */
export function eventView(
  differences: string[],
  write: (text: string) => void,
  style: Style,
): (event: MemberEvent) => void {
  let stepCount = 0;
  return (event) => {
    switch (event.type) {
      case 'StepBegun':
        stepCount += 1;
        write(heading(`${stepCount}. ${event.title}`, style));
        return;
      case 'MessageOnWire':
        write(messageLines(event.member, event.direction, event.frame, event.isLate, style));
        return;
      case 'StepEnded':
        for (const difference of event.differences) write(`\n  ${style('red', '✗')} ${difference}\n`);
        if (event.differences.length === 0)
          write(`\n  ${style('green', '✓')} ${reportsText(event.reportCount)}\n`);
        differences.push(...event.differences);
        return;
      case 'TradingEnded':
        return;
    }
  };
}

function reportsText(count: number): string {
  if (count === 1) return 'the answer is what was expected';
  return `${count === 2 ? 'both' : `all ${count}`} answers are what was expected`;
}
