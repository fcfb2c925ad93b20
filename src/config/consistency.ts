/**
 * What nodes of one file owe each other: somebody for every role, NATS between them, names and addresses that do not
 * clash. Runs on whatever can be read of a file, so that these faults are told together with those of single values.
 */
import { join, settingOf } from './checks.ts';
import { isAnswerable } from './dns.ts';
import { mayBe, type NodeOutline, outlineNodes } from './outline.ts';
import { placementFaults } from './placement.ts';
import { needsOthers, type Role } from './roles.ts';
import { sharedAddressFaults } from './shared-addresses.ts';
import { DEFAULT_HOST, isDnsLabel, parseNodeName } from './values.ts';

/** Everything that is wrong between the settings of the exported cluster. */
export function consistencyFaults(exported: unknown): readonly string[] {
  const nodes = outlineNodes(exported);
  return [
    ...nameFaults(nodes),
    ...nodes.flatMap(strayFaults),
    ...roleFaults(nodes, settingOf(exported, 'nats') !== undefined),
    ...placementFaults(settingOf(exported, 'placement'), nodes),
    ...sharedAddressFaults(nodes),
    ...dnsFaults(nodes, exported),
  ];
}

/** Directories and DNS do not tell capitals from small letters everywhere. */
function nameFaults(nodes: readonly NodeOutline[]): readonly string[] {
  return nodes.flatMap(({ name }, index) => {
    const twin = nodes.slice(0, index).find((one) => one.name.toLowerCase() === name.toLowerCase());
    return twin === undefined
      ? []
      : [`nodes has "${twin.name}" and "${name}", which differ in capital letters only; rename one`];
  });
}

const OF_ROLES: readonly (readonly [setting: string, ...roles: Role[]])[] = [
  ['fix', 'gateway'],
  ['advertise', 'gateway', 'dns'],
  ['dns', 'dns'],
];

/** Settings of roles that the node does not have. */
function strayFaults(node: NodeOutline): readonly string[] {
  return OF_ROLES.flatMap(([setting, ...roles]) => {
    if (node.entry[setting] === undefined || roles.some((role) => mayBe(node, role))) return [];
    const needed = roles.map((role) => `"${role}"`).join(' or ');
    return [
      `${join(node.path, setting)} needs the role ${needed}; ${node.path}.roles are ${node.roles?.join(', ')}`,
    ];
  });
}

function roleFaults(nodes: readonly NodeOutline[], hasNats: boolean): readonly string[] {
  if (nodes.length === 0) return [];
  const faults = (['gateway', 'engine'] as const)
    .filter((role) => !nodes.some((node) => mayBe(node, role)))
    .map((role) => `nodes has no node with the role "${role}": ${WITHOUT[role]}`);
  const apart = nodes.filter(({ roles }) => roles !== undefined && needsOthers(roles));
  if (!hasNats && apart.length > 0) {
    const named = apart.map(({ name, roles }) => `${name} (${roles?.join(', ')})`).join(', ');
    faults.push(
      `nats is missing, by which nodes with roles of their own talk: ${named}; ` +
        'nats: { servers: ["nats://127.0.0.1:4222"] } for example',
    );
  }
  return faults;
}

const WITHOUT = { gateway: 'members could not connect', engine: 'nobody would keep the books' } as const;

/** What a responder needs to have an answer. */
function dnsFaults(nodes: readonly NodeOutline[], exported: unknown): readonly string[] {
  const responders = nodes.filter(({ roles }) => roles?.includes('dns') === true);
  if (responders.length === 0) return [];
  const faults: string[] = [];
  if (settingOf(exported, 'dns') === undefined) {
    faults.push(
      `dns is missing: ${responders.map(({ name }) => name).join(', ')} would have no name to answer for; ` +
        'dns: { name: "fix.venue.example" } for example',
    );
  }
  for (const node of nodes) {
    const isTold = node.roles?.some((role) => role === 'gateway' || role === 'dns') === true;
    if (!isTold) continue;
    if (parseNodeName(node.name) !== undefined && !isDnsLabel(node.name)) {
      faults.push(
        `nodes has "${node.name}", which DNS answers have in them: then a name is letters, digits and "-", at most 63`,
      );
    }
    faults.push(...unanswerable(node));
  }
  return faults;
}

const ADDRESS_NEEDED = 'an IP address, which is what DNS answers with';

function unanswerable({ path, roles, entry, advertises }: NodeOutline): readonly string[] {
  const { fix, dns, advertise } = entry;
  if (advertise !== undefined) {
    return advertises
      .filter(({ host }) => !isAnswerable(host))
      .map((one) => `${one.path}.host must be ${ADDRESS_NEEDED}, not "${one.host}"`);
  }
  const listensOn = [
    ...(roles?.includes('gateway') === true ? [Array.isArray(fix) ? fix[0] : fix] : []),
    ...(roles?.includes('dns') === true ? [dns] : []),
  ].map((listener: unknown) => settingOf(listener, 'host') ?? DEFAULT_HOST);
  const host = listensOn.find((one) => typeof one === 'string' && !isAnswerable(one));
  return host === undefined
    ? []
    : [`${path}.advertise is missing: the node listens on "${host}", and others need ${ADDRESS_NEEDED}`];
}
