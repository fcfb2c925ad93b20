/**
 * What is allowed in a configuration and probably not meant: a node starts with it, and says so. Apart from the faults,
 * which keep it from starting.
 */
import { settingOf } from './checks.ts';
import type { Environment } from './node-config.ts';
import { type NodeOutline, outlineNodes } from './outline.ts';
import { exposed, secretFilesOf } from './secrets.ts';

export interface WarningSources {
  readonly exported: unknown;
  /** The node that starts. */
  readonly nodeName: string;
  readonly clusterDir: string;
  readonly env: Environment;
}

/** Each a sentence with what to do. */
export function configWarnings({ exported, nodeName, clusterDir, env }: WarningSources): readonly string[] {
  return [
    ...exposed(secretFilesOf(exported, nodeName, clusterDir, env)),
    ...portWarnings(exported, nodeName),
  ];
}

/** Of a responder: A and AAAA have no port, so that members who ask for them connect to one port at every gateway. */
function portWarnings(exported: unknown, nodeName: string): readonly string[] {
  const nodes = outlineNodes(exported);
  const isResponder = nodes.some(({ name, roles }) => name === nodeName && roles?.includes('dns') === true);
  if (!isResponder) return [];
  const ports = nodes.flatMap((node) => {
    const port = memberPort(node);
    return port === undefined ? [] : [{ name: node.name, port }];
  });
  if (new Set(ports.map(({ port }) => port)).size < 2) return [];
  const name = settingOf(settingOf(exported, 'dns'), 'name');
  return [
    `gateways have different ports (${ports.map((one) => `${one.name} ${one.port}`).join(', ')}): A and AAAA of ` +
      `${String(name)} name addresses only, so that members must ask for SRV, or all gateways need one port`,
  ];
}

/** Undefined of what is no gateway, and of a port that the system chooses. */
function memberPort({ roles, advertises, members }: NodeOutline): number | undefined {
  if (roles?.includes('gateway') !== true) return undefined;
  const port = advertises[0]?.port ?? members?.port ?? 0;
  return port === 0 ? undefined : port;
}
