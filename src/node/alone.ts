/** A venue in one process: gateway, engine and writer over local dispatch alone. */
import { startActorSystem } from '../actors/actor-system.ts';
import type { NodeParts, NodeWork } from '../node.ts';
import { startTrading } from './trading.ts';

/** Resolves when members can connect. */
export async function startAlone(parts: NodeParts): Promise<NodeWork> {
  const { config, options, clock, database, metrics, gatewayName } = parts;
  const { log } = options;
  const system = startActorSystem(log, clock.after, metrics.meter);
  try {
    options.onProgress?.('opening the books');
    const trading = await startTrading({
      config,
      clock,
      log,
      orm: database.orm,
      metrics,
      system,
      gatewayName,
      onOwnershipLost: (reason) => options.onFatal?.(reason),
      faults: options,
    });
    return {
      system: () => system,
      trading: () => trading,
      notReady: () => [],
      cluster: undefined,
      stop: () => trading.stop(),
    };
  } catch (error) {
    system.shutdown();
    throw error;
  }
}
