/**
 * The operators of a cluster under torture: they ask any node, ask another one when the answer does not come, and know
 * that a refusal is an answer too.
 */
import { delay, systemClock } from '../../../src/platform/clock.ts';
import type { ApiAnswer, VenueProcess } from '../../support/venue-process.ts';

/** An answer that does not come is asked for again. */
const ANSWER_TIMEOUT_MS = 15_000;
const GIVE_UP_MS = 120_000;
const RETRY_MS = 150;
const ASK_AGAIN_FROM = 500;

export class Operators {
  readonly #nodes: () => readonly VenueProcess[];
  #turn = 0;

  /** `nodes`: those that could answer now. */
  constructor(nodes: () => readonly VenueProcess[]) {
    this.#nodes = nodes;
  }

  /** One after the other; throws while there is none. */
  readonly anyNode = (): VenueProcess => {
    const nodes = this.#nodes();
    const node = nodes[this.#turn % nodes.length];
    this.#turn += 1;
    if (node === undefined) throw new Error('no node runs');
    return node;
  };

  /**
   * The first answer that is one: done, or refused for good. Asked of `first`, if it runs, then of any.
   *
   * @throws Error when nobody answers for two minutes.
   */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    first?: VenueProcess | undefined,
  ): Promise<ApiAnswer> {
    const deadline = systemClock.now() + GIVE_UP_MS;
    let node = first;
    let last: ApiAnswer = { status: 503, body: { error: 'nobody was asked' } };
    while (systemClock.now() < deadline) {
      last = await askOnce(node ?? this.anyNode, method, path, body);
      if (last.status < ASK_AGAIN_FROM) return last;
      node = undefined;
      await delay(systemClock, RETRY_MS);
    }
    throw new Error(`${method} ${path}: no answer; the last was ${last.status} ${JSON.stringify(last.body)}`);
  }

  /** Asked of this node, once; 503 or 504 where no answer comes. */
  askOne(node: VenueProcess, method: 'GET' | 'POST', path: string, body?: object): Promise<ApiAnswer> {
    return askOnce(node, method, path, body);
  }

  /** What must be done in the end. */
  async done(method: 'GET' | 'POST', path: string, body?: object): Promise<ApiAnswer['body']> {
    const answer = await this.ask(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

/** One question, whatever comes of it. */
async function askOnce(
  node: VenueProcess | (() => VenueProcess),
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<ApiAnswer> {
  const late = new AbortController();
  try {
    const asked = (typeof node === 'function' ? node() : node).api(method, path, body);
    // Nobody waits for it any more when it comes too late.
    asked.catch(() => {});
    const inTime = delay(systemClock, ANSWER_TIMEOUT_MS, late.signal).then(
      (): ApiAnswer => ({ status: 504, body: { error: 'no answer in time' } }),
    );
    return await Promise.race([asked, inTime]);
  } catch (error) {
    return { status: 503, body: { error: String(error) } };
  } finally {
    late.abort();
  }
}
