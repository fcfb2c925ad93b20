/**
 * What a node of a cluster does. Apart from the other settings because nearly every check across nodes asks for it.
 */
import { type Check, shown } from './checks.ts';

/**
 * `gateway`: members connect to it. `engine`: it keeps books and accounts. `dns`: it tells members' resolvers which
 * gateways have room.
 */
export const ROLES = ['gateway', 'engine', 'dns'] as const;
export type Role = (typeof ROLES)[number];

/** Of a node that names none: a whole venue in one process. */
export const DEFAULT_ROLES: readonly Role[] = ['gateway', 'engine'];

/** True when the node cannot be a venue by itself, and so needs others and NATS. */
export function needsOthers(roles: readonly Role[]): boolean {
  return DEFAULT_ROLES.some((role) => !roles.includes(role)) || roles.includes('dns');
}

/** True when `value` is the name of a role. */
export function isRole(value: unknown): value is Role {
  return ROLES.some((role) => role === value);
}

/** `roles` of a node. */
export const rolesCheck: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) {
    return [`${path} must be a list with at least one of ${ROLES.join(', ')}, not ${shown(value)}`];
  }
  return value.flatMap((role: unknown, index) => {
    if (!isRole(role)) return [`${path}[${index}] must be one of ${ROLES.join(', ')}, not ${shown(role)}`];
    return value.indexOf(role) < index ? [`${path} has ${role} twice`] : [];
  });
};
