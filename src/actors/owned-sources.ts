/**
 * Since which commit this node owns what it reports of: where symbols and accounts go from node to node, a session has to
 * know whether it has all that earlier owners have committed.
 */
import { accountSource, type Report } from '../matching/execution-report.ts';
import type { CommitOutputs } from './commit-batch.ts';

interface Owned {
  readonly epoch: number;
  readonly fromNo: number;
}

/** Bounded by the symbols and the shards of the venue. */
export class OwnedSources {
  readonly #books = new Map<string, Owned>();
  readonly #shards = new Map<number, Owned>();

  /**
   * A commit was made, under these epochs: what earlier owners of the same have committed came before it, since their
   * epochs were not raised before.
   */
  note({ books, accountShards }: OwnedOutputs, commitNo: number): void {
    for (const { symbol, epoch } of books) noteOwned(this.#books, symbol, epoch, commitNo);
    for (const { shard, epoch } of accountShards.values()) noteOwned(this.#shards, shard, epoch, commitNo);
  }

  /**
   * The first commit since all the sources of these reports of one member are owned as they are; undefined when none of
   * them has a row.
   */
  ownedFrom(reports: readonly Report[], { accountShards }: OwnedOutputs): number | undefined {
    let fromNo: number | undefined;
    for (const { userId, source, sourceSeq } of reports) {
      if (sourceSeq === 0) continue;
      const shard = accountShards.get(userId)?.shard;
      const isOwn = source === accountSource(userId);
      const owned = isOwn && shard !== undefined ? this.#shards.get(shard) : this.#books.get(source);
      fromNo = Math.max(fromNo ?? 0, owned?.fromNo ?? 0);
    }
    return fromNo;
  }
}

type OwnedOutputs = Pick<CommitOutputs, 'books' | 'accountShards'>;

function noteOwned<Key>(all: Map<Key, Owned>, key: Key, epoch: number, commitNo: number): void {
  if (all.get(key)?.epoch !== epoch) all.set(key, { epoch, fromNo: commitNo });
}
