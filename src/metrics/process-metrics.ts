/**
 * Figures of the process: memory, garbage collection, event-loop delay, file descriptors. One set for all nodes of a
 * process, since what measures them runs as long as it does.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';

/** How often the event loop is looked at, ms. */
const EVENT_LOOP_PRECISION_MS = 10;

let registry: Registry | undefined;

/** Begins to measure when it is called first. Maxima and percentiles of the event loop are since the last scrape. */
export function processMetrics(): Registry {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }
  return registry;
}
