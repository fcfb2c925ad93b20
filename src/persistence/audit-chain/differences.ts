/** What a verification finds wrong with one chain: the first few are told, all are counted. */
export class ChainFaults {
  readonly #limit: number;
  readonly #told: string[] = [];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get told(): readonly string[] {
    return this.#told;
  }

  add(...texts: readonly string[]): void {
    for (const text of texts) {
      this.#count += 1;
      if (this.#told.length < this.#limit) this.#told.push(text);
    }
  }

  /** Faults of which only the first were read. */
  addMany(count: number, texts: readonly string[]): void {
    this.add(...texts);
    this.#count += count - texts.length;
  }
}

/** How a chain was found. */
export interface ChainVerdict {
  /** The writer's name, or `operators`. */
  readonly chain: string;
  /** Links, or entries of operators. */
  readonly linkCount: number;
  /** Rows that they cover. */
  readonly rowCount: number;
  /** Its last link: to be noted elsewhere, so that even a chain that was written anew as a whole is found out. */
  readonly head: { readonly no: number; readonly hash: string } | undefined;
  readonly differenceCount: number;
  readonly differences: readonly string[];
}

export function hashText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
