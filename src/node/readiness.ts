/** Why a node of a cluster is no place to send members to, though it is up. */
import type { ClusterView } from '../cluster/membership.ts';
import { eligibleEngines } from '../cluster/ownership-plan.ts';

export interface ReadinessTerms {
  readonly view: ClusterView;
  /** The name of the node. */
  readonly self: string;
  readonly isDraining: boolean;
  /** Whether NATS reaches it. */
  readonly isReachable: boolean;
}

/** In words for an operator; none when members can trade. A gateway without an engine can only refuse their orders. */
export function whyNotReady({ view, self, isDraining, isReachable }: ReadinessTerms): readonly string[] {
  const reasons: string[] = [];
  if (isDraining) reasons.push('the node drains');
  const engines = eligibleEngines(view).map(({ name }) => name);
  if (engines.length === 0) reasons.push('no engine of the cluster is ready');
  if (!isReachable && engines.some((engine) => engine !== self))
    reasons.push('NATS does not reach this node');
  return reasons;
}
