/**
 * A node of a cluster from its start to its end: one life after the other. A life ends without the process when the node
 * stood still for so long that others have taken what it had; then it comes back as a newcomer would.
 */
import { createNatsCarrier } from '../cluster/nats-carrier.ts';
import { type NatsTerms, natsLoginText } from '../config/nats.ts';
import type { NodeParts, NodeWork } from '../node.ts';
import { assert } from '../platform/assert.ts';
import { delay } from '../platform/clock.ts';
import { clusterControl } from './cluster-control.ts';
import { beginLife, type Life } from './cluster-life.ts';
import { whyNotReady } from './readiness.ts';

/** Between two tries to come back. */
const RETRY_MS = 1_000;

/**
 * Joins the cluster and resolves when the node does what it is for. NATS may be away: the node goes on without it.
 *
 * @throws what {@link beginLife} throws, the first time.
 */
export async function startMember(parts: NodeParts): Promise<NodeWork> {
  const { config, options, clock, database, metrics, gatewayName } = parts;
  const { log } = options;
  const terms = config.cluster;
  assert(terms !== undefined, 'a member without a cluster');
  const carrier = createNatsCarrier({
    ...carrierTerms(terms.nats),
    clientName: `onebook ${config.nodeName}`,
    ...loginTextOf(terms.nats),
    clock,
    log,
  });
  const stopping = new AbortController();
  let life: Life | undefined;
  let comingBack = Promise.resolve();

  async function begin(): Promise<Life> {
    assert(terms !== undefined, 'a member without a cluster');
    const state: { begun: Life | undefined; endedBecause: string | undefined } = {
      begun: undefined,
      endedBecause: undefined,
    };
    const begun = await beginLife({
      config,
      terms,
      clock,
      log,
      orm: database.orm,
      url: database.url,
      carrier,
      metrics,
      gatewayName,
      faults: options,
      onEnded(reason) {
        state.endedBecause = reason;
        if (state.begun !== undefined) comingBack = comeBack(state.begun, reason);
      },
    });
    if (state.endedBecause !== undefined) {
      await begun.abandon();
      throw new Error(`the node was out of the cluster at once: ${state.endedBecause}`);
    }
    state.begun = begun;
    return begun;
  }

  /** What an operator has asked of the node holds for its next life. */
  async function comeBack(ended: Life, reason: string): Promise<void> {
    const { isDraining } = ended;
    log.error('out of the cluster: all that is in memory is thrown away, and the node joins again', {
      reason,
    });
    options.onProgress?.(`out of the cluster (${reason}); joining again`);
    life = undefined;
    await ended.abandon();
    while (!stopping.signal.aborted) {
      try {
        life = await begin();
        if (isDraining) life.beginDrain();
        options.onProgress?.('in the cluster again');
        return;
      } catch (error) {
        log.warn('not in the cluster yet', { err: error });
        await delay(clock, RETRY_MS, stopping.signal);
      }
    }
  }

  options.onProgress?.('joining the cluster');
  try {
    life = await begin();
  } catch (error) {
    await carrier.close();
    throw error;
  }
  return {
    system: () => life?.system,
    trading: () => life?.trading,
    notReady() {
      if (life === undefined) return ['the node is out of the cluster, and joins again'];
      const { membership, isDraining } = life;
      const { isReachable } = carrier;
      return whyNotReady({ view: membership.view(), self: config.nodeName, isDraining, isReachable });
    },
    cluster: clusterControl({ life: () => life, carrier, self: config.nodeName, terms }),
    async stop() {
      stopping.abort();
      await comingBack;
      await life?.stop();
      await carrier.close();
    },
  };
}

function carrierTerms({ servers, login, tls }: NatsTerms): {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly credsFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
} {
  return {
    servers,
    ...(login.type === 'Credentials' ? { credsFile: login.credsFile } : {}),
    ...(login.type === 'Password' ? { user: login.user } : {}),
    ...(login.type === 'Password' && login.password !== undefined ? { password: login.password } : {}),
    ...(tls === undefined ? {} : { tls: withoutUndefined(tls) }),
  };
}

function loginTextOf(nats: NatsTerms): { readonly loginText?: string } {
  const loginText = natsLoginText(nats);
  return loginText === undefined ? {} : { loginText };
}

function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };
}
