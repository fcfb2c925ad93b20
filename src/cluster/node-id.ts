/** Who a node is: the one vocabulary of links, membership and ownership. */

/** One life of a node: a name that its configuration gives it, and a number that no two lives share. */
export interface NodeId {
  readonly name: string;
  /** Greater than that of every earlier life of any node. */
  readonly incarnation: number;
}

/** The same life of the same node. */
export function isSameNode(one: NodeId | undefined, other: NodeId | undefined): boolean {
  return one?.name === other?.name && one?.incarnation === other?.incarnation;
}

/** `engine-1#17`, for logs and for people. */
export function nodeText({ name, incarnation }: NodeId): string {
  return `${name}#${incarnation}`;
}

/**
 * From where a life counts what other nodes answer by number: they answer to the name of a node, and late, when the life
 * that has asked may be over. Room for four billion numbers, before those of the next of half a million lives.
 */
export function firstNumberOf({ incarnation }: NodeId): number {
  return (incarnation % 2 ** 19) * 2 ** 32;
}
