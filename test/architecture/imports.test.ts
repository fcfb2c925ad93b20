/** The dependency rule: which folder of src/ may import which, and where time and chance come from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect } from 'chai';
import { breachesIn } from '../support/imports.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'));
}

describe('dependency rule', () => {
  it('is kept by every file', () => {
    const files = sourceFiles();
    expect(files).to.include.members(['matching/order-book.ts', 'actors/exchange.ts', 'fix/acceptor.ts']);
    const breaches = files.flatMap((path) => breachesIn(path, readFileSync(join(SRC, path), 'utf8')));
    expect(breaches).to.deep.equal([]);
  });

  for (const { path, source, breach } of [
    {
      path: 'matching/made-up.ts',
      source: "import { Order } from '../entities/order.ts';",
      breach: 'src/matching/made-up.ts must not import ../entities/order.ts',
    },
    {
      path: 'matching/made-up.ts',
      source: "import {\n  readFile,\n  writeFile,\n} from 'node:fs/promises';",
      breach: 'src/matching/made-up.ts must not import node:fs/promises',
    },
    {
      path: 'accounts/made-up.ts',
      source: "import type { Tell } from '../actors/protocol.ts';",
      breach: 'src/accounts/made-up.ts must not import even types of ../actors/protocol.ts',
    },
    {
      path: 'entities/made-up.ts',
      source: "import { lots } from '../matching/types.ts';",
      breach: 'src/entities/made-up.ts must not import ../matching/types.ts',
    },
    {
      path: 'fix/messages/made-up.ts',
      source: "export { Socket } from 'node:net';",
      breach: 'src/fix/messages/made-up.ts must not import node:net',
    },
    {
      path: 'fix/writer.ts',
      source: "import { Fields } from 'fixparser/spec/SpecFields.js';",
      breach: 'src/fix/writer.ts must not import fixparser/spec/SpecFields.js',
    },
    {
      path: 'actors/made-up.ts',
      source: "import { startAcceptor } from '../fix/acceptor.ts';",
      breach: 'src/actors/made-up.ts must not import ../fix/acceptor.ts',
    },
    {
      path: 'actors/made-up.ts',
      source: "import { spawn } from 'nact';",
      breach: 'src/actors/made-up.ts must not import nact',
    },
    {
      path: 'actors/made-up.ts',
      source: "const { MikroORM } = await import('@mikro-orm/postgresql');",
      breach: 'src/actors/made-up.ts must not import @mikro-orm/postgresql',
    },
    {
      path: 'persistence/made-up.ts',
      source: "import { Redo } from '../actors/redo.ts';",
      breach: 'src/persistence/made-up.ts must not import ../actors/redo.ts',
    },
    {
      path: 'persistence/made-up.ts',
      source: "import 'fastify';",
      breach: 'src/persistence/made-up.ts must not import fastify',
    },
    {
      path: 'cli/made-up.ts',
      source: "import { startNode } from '../node.ts';",
      breach: 'src/cli/made-up.ts must not import ../node.ts',
    },
    {
      path: 'actors/made-up.ts',
      source: 'export const at = Date.now();',
      breach: 'src/actors/made-up.ts must not use Date.now: it belongs in src/platform',
    },
    {
      path: 'fix/made-up.ts',
      source: 'setTimeout(() => undefined, 1);',
      breach: 'src/fix/made-up.ts must not use setTimeout: it belongs in src/platform',
    },
    {
      path: 'elsewhere/made-up.ts',
      source: '',
      breach: 'src/elsewhere/made-up.ts is in no folder that has a rule',
    },
    { path: 'made-up.ts', source: '', breach: 'src/made-up.ts is in no folder that has a rule' },
  ]) {
    it(`finds the breach: ${breach}`, () => {
      expect(breachesIn(path, source)).to.deep.equal([breach]);
    });
  }

  it('lets a file import what its folder may', () => {
    const source = [
      "import { assert } from '../platform/assert.ts';",
      "import { OrderBook } from './order-book.ts';",
      "export type { Ticks } from './types.ts';",
    ].join('\n');
    expect(breachesIn('matching/made-up.ts', source)).to.deep.equal([]);
    expect(breachesIn('fix/acceptor.ts', "import { createServer } from 'node:net';")).to.deep.equal([]);
    expect(
      breachesIn('entities/made-up.ts', "import type { Side } from '../matching/types.ts';"),
    ).to.deep.equal([]);
    expect(breachesIn('node.ts', "import { MikroORM } from '@mikro-orm/postgresql';")).to.deep.equal([]);
  });

  it('does not take a query for an import', () => {
    const source = "const text = `select * from 'x'`;\nconst also = \"delete from 'orders'\";";
    expect(breachesIn('matching/made-up.ts', source)).to.deep.equal([]);
  });
});
