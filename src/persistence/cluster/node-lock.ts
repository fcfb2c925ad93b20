/**
 * The lock of a node's life, and the watch of another's. The lock falls free the moment the process that held it is gone:
 * who waits for it knows of a crash in milliseconds. Apart from leases, since it only ever shortens the wait for them.
 */
import { type NodeId, nodeText } from '../../cluster/node-id.ts';
import { type Clock, delay } from '../../platform/clock.ts';
import { ClusterConnection, type ConnectionOptions } from './connection.ts';

/** First half of the keys in the database ("onen"); the second is the incarnation. */
export const NODE_LOCK_CLASS = 0x6f6e656e;

/** The lock of this node's own life, and ears for what others change. */
export interface NodeLock {
  /** Connects and takes the lock where it was lost. False: another connection has it still, or the database is away. */
  hold(): Promise<boolean>;
  /** Frees the lock. */
  close(): Promise<void>;
}

/**
 * A lock on a connection that does nothing else: no slow statement may end it, since whoever watches would take that
 * for a crash. `onNotification`: somebody has changed the rows of the cluster.
 */
export function createNodeLock(
  self: NodeId,
  options: Pick<ConnectionOptions, 'url' | 'clock' | 'connectTimeoutMs'> & {
    readonly onNotification: () => void;
  },
): NodeLock {
  let isHeld = false;
  const connection = new ClusterConnection({
    ...options,
    applicationName: `onebook ${nodeText(self)}`,
    prepare: async (client) => {
      await client.query('listen onebook_cluster');
    },
    onLost: () => {
      isHeld = false;
    },
  });
  return {
    async hold() {
      if (isHeld) return true;
      const key = [NODE_LOCK_CLASS, self.incarnation];
      const [row] = await connection.query<{ locked: boolean }>(TRY_EXCLUSIVE, key);
      isHeld = row?.locked === true;
      return isHeld;
    },
    close: () => connection.close(),
  };
}

export interface LockWatchOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly self: NodeId;
  readonly node: NodeId;
  /**
   * The lock was held, and is free: the node is no longer connected. Called again if it was not gone after all. What is to
   * be done goes by the same connection: on another it might reach a server that has been restarted since.
   */
  readonly onFree: (connection: ClusterConnection) => Promise<void>;
}

/** Between looks at a lock that nobody holds, and after a lost connection, ms. */
const RETRY_MS = 200;

/**
 * Looks out for the end of another node's process until it is stopped.
 *
 * A lock that is found free is no evidence: a server that was restarted has forgotten all of them, and their owners are
 * about to take them again. Only one that this connection has seen held counts when it falls free.
 */
export function watchLock(options: LockWatchOptions): () => void {
  const { url, clock, connectTimeoutMs, self, node } = options;
  let isStopped = false;
  const connection = new ClusterConnection({
    url,
    clock,
    connectTimeoutMs,
    applicationName: `onebook ${nodeText(self)} watches ${nodeText(node)}`,
  });

  async function waitUntilFree(): Promise<void> {
    const key = [NODE_LOCK_CLASS, node.incarnation];
    const [look] = await connection.query<{ free: boolean }>(TRY_SHARED, key);
    if (look?.free === true) {
      await connection.query(UNLOCK_SHARED, key);
      return;
    }
    await connection.query(WAIT_SHARED, key);
    await connection.query(UNLOCK_SHARED, key);
    if (!isStopped) await options.onFree(connection);
  }

  async function watch(): Promise<void> {
    while (!isStopped) {
      // Where the database is away, leases are what is left.
      await waitUntilFree().catch(() => undefined);
      if (!isStopped) await delay(clock, RETRY_MS);
    }
  }

  void watch();
  return () => {
    isStopped = true;
    void connection.close();
  };
}

const TRY_EXCLUSIVE = 'select pg_try_advisory_lock($1::int, $2::int) as locked';
const TRY_SHARED = 'select pg_try_advisory_lock_shared($1::int, $2::int) as free';
const WAIT_SHARED = 'select pg_advisory_lock_shared($1::int, $2::int)';
const UNLOCK_SHARED = 'select pg_advisory_unlock_shared($1::int, $2::int)';
