/**
 * What a snapshot of the rows contains, told by commit numbers: each writer counts its own. Here, since accounts,
 * sessions and the store compare them, and no writer's numbers say anything of another's.
 */

/** One commit: the name of the node that wrote it, and its number there. */
export interface CommitName {
  readonly writer: string;
  readonly commitNo: number;
}

/** The last commit of each writer that is contained; a writer that is missing has none. */
export type CommitNumbers = ReadonlyMap<string, number>;

/** Before anything was read. */
export const NO_COMMITS: CommitNumbers = new Map();

/** Whether what the commit did is in the snapshot already. */
export function isContained(commits: CommitNumbers, { writer, commitNo }: CommitName): boolean {
  return commitNo <= (commits.get(writer) ?? 0);
}
