/** Which engine keeps the book of a symbol, where an operator wants to decide that. */
import { type Check, isObject, shown } from './checks.ts';
import { mayBe, type NodeOutline } from './outline.ts';
import { parseSymbol, SYMBOL_EXPECTED } from './values.ts';

/** Node by symbol. Symbols that are not in it are spread over the engines. */
export type PlacementConfig = Readonly<Record<string, string>>;

/** `placement` of the cluster; {@link placementFaults} asks for the nodes. */
export const placementCheck: Check = (value, path) => {
  if (!isObject(value))
    return [`${path} must be an object like { "BTC-USD": "engine-1" }, not ${shown(value)}`];
  return Object.entries(value).flatMap(([symbol, node]) => {
    if (parseSymbol(symbol) === undefined) {
      return [`${path} has ${JSON.stringify(symbol)}, which is no symbol: that is ${SYMBOL_EXPECTED}`];
    }
    return node === undefined || typeof node === 'string'
      ? []
      : [`${path}[${JSON.stringify(symbol)}] must be the name of a node, not ${shown(node)}`];
  });
};

/** Symbols that are placed where nobody would keep their books. */
export function placementFaults(placement: unknown, nodes: readonly NodeOutline[]): readonly string[] {
  if (!isObject(placement)) return [];
  const engines = nodes.filter(({ roles }) => roles?.includes('engine') === true).map(({ name }) => name);
  const choice = engines.length === 0 ? 'no node is one' : `engines are ${engines.join(', ')}`;
  return Object.entries(placement).flatMap(([symbol, name]) => {
    if (typeof name !== 'string') return [];
    const node = nodes.find((one) => one.name === name);
    if (node !== undefined && mayBe(node, 'engine')) return [];
    const what = node === undefined ? 'which is no node' : `which is no engine (${node.roles?.join(', ')})`;
    return [`placement[${JSON.stringify(symbol)}] is ${JSON.stringify(name)}, ${what}; ${choice}`];
  });
}
