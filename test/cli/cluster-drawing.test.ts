import { expect } from 'chai';
import type { ClusterStatus } from '../../src/admin/cluster-status.ts';
import { drawCluster } from '../../src/cli/cluster-drawing.ts';
import { statusText } from '../../src/cli/status.ts';
import { clusterShown, nodeShown } from '../support/drawn-cluster.ts';

const GATEWAYS = [
  nodeShown('gateway-1', ['gateway'], { connections: 1_204, addresses: ['192.0.2.11:9880'], link: null }),
  nodeShown('gateway-2', ['gateway'], { connections: 1, addresses: ['192.0.2.12:9880', '[::1]:9880'] }),
];
const ENGINES = [
  nodeShown('engine-1', ['engine'], { symbolCount: 1, shardCount: 32 }),
  nodeShown('engine-2', ['engine'], { symbolCount: 1, shardCount: 32 }),
];
const MORE: Partial<ClusterStatus> = {
  symbols: [
    { symbol: 'BTC-USD', owner: 'engine-1', epoch: 4, placedOn: null, configuredOn: 'engine-1' },
    { symbol: 'ETH-USD', owner: 'engine-2', epoch: 12, placedOn: 'engine-2', configuredOn: 'engine-1' },
  ],
  sessions: [
    { compId: 1001, username: 'alice', gateway: 'gateway-1', epoch: 1 },
    { compId: 1002, username: undefined, gateway: 'gateway-2', epoch: 3 },
  ],
};
const UP = { database: 'up', width: 80 };

function lines(cluster: ClusterStatus, width = 80): readonly string[] {
  return drawCluster(cluster, { database: 'up', width }).split('\n');
}

describe('the drawing of a cluster', () => {
  it('has gateways with their sessions above engines with their symbols, and the database below', () => {
    const cluster = clusterShown([...GATEWAYS, ...ENGINES, nodeShown('dns-1', ['dns'])], MORE);
    expect(drawCluster(cluster, UP)).to.equal(
      [
        '  members: 2 sessions',
        '    │ FIX',
        '┌─ gateway-1 (asked) ───────── ready ─┐  ┌─ gateway-2 ───────────────── ready ─┐',
        '│ 192.0.2.11:9880                     │  │ 192.0.2.12:9880, [::1]:9880         │',
        '│ 1,204 of 5,000 connections          │  │ 1 of 5,000 connections              │',
        '│ alice                               │  │ 1002                                │',
        '│ lease 0.4 s old, 4.6 s left         │  │ lease 0.4 s old, 4.6 s left         │',
        '└─────────────────────────────────────┘  └─────────────────────────────────────┘',
        '    │ NATS: reaches every node',
        '┌─ engine-1 ────────────────── ready ─┐  ┌─ engine-2 ────────────────── ready ─┐',
        '│ 1 symbol, 32 shards of accounts     │  │ 1 symbol, 32 shards of accounts     │',
        '│ BTC-USD@4                           │  │ ETH-USD@12                          │',
        '│ lease 0.4 s old, 4.6 s left         │  │ lease 0.4 s old, 4.6 s left         │',
        '└─────────────────────────────────────┘  └─────────────────────────────────────┘',
        '  dns-1 (dns): ready, lease 0.4 s old, 4.6 s left',
        '    │ SQL',
        '  database up',
        '',
      ].join('\n'),
    );
  });

  it('says what is wrong: with a node, its lease, its link, with NATS, with versions', () => {
    const wrong = [
      nodeShown('gateway-1', ['gateway'], { ready: false, protocolVersion: 2 }),
      nodeShown('engine-1', ['engine'], { natsReachable: false }),
      nodeShown('engine-2', ['engine'], { leaseLeftMs: 0 }),
      nodeShown('engine-3', ['engine'], {
        draining: true,
        link: { phase: 'Opening', queuedMessages: 0, unansweredMs: 9_000, lastFault: 'no answer' },
      }),
      nodeShown('engine-4', ['engine'], { alive: false, endedBecause: 'its lease was over' }),
      nodeShown('engine-5', ['engine'], { alive: false, endedBecause: 'left' }),
    ];
    const text = drawCluster(clusterShown(wrong, { sessionsFault: 'the database does not tell them' }), UP);
    for (const words of [
      'members: the database does not tell them',
      /gateway-1 \(asked\) ─+ not ready/,
      'NATS: does not reach engine-1',
      '! NATS does not reach it',
      /engine-2 ─+ lease over/,
      /engine-3 ─+ draining/,
      '! no link: no answer',
      'speaks version 2 between nodes',
      '  ! not running: engine-4 (ended: its lease was over)',
      '  not running: engine-5 (ended: left)',
    ]) {
      if (typeof words === 'string') expect(text).to.contain(words);
      else expect(text).to.match(words);
    }
  });

  it('has what an operator should look at in full, whatever its length', () => {
    const warnings = [
      "its clock is 1.4 s behind the database's",
      'runs with another configuration than engine-1: tradingCalendar, placement',
    ];
    const wrong = [nodeShown('engine-1', ['engine']), nodeShown('engine-2', ['engine'], { warnings })];
    const text = drawCluster(clusterShown([...wrong, nodeShown('dns-1', ['dns'], { warnings })]), UP);
    expect(text).to.contain(
      [
        '┌─ engine-1 (asked) ────────── ready ─┐  ┌─ engine-2 ────────────────── ready ─┐',
        '│ 0 symbols, 0 shards of accounts     │  │ 0 symbols, 0 shards of accounts     │',
        '│ lease 0.4 s old, 4.6 s left         │  │ lease 0.4 s old, 4.6 s left         │',
        '│                                     │  │ ! its clock is 1.4 s behind the     │',
        "│                                     │  │   database's                        │",
        '│                                     │  │ ! runs with another configuration   │',
        '│                                     │  │   than engine-1: tradingCalendar,   │',
        '│                                     │  │   placement                         │',
        '└─────────────────────────────────────┘  └─────────────────────────────────────┘',
        '  dns-1 (dns): ready, lease 0.4 s old, 4.6 s left',
        "    ! its clock is 1.4 s behind the database's",
        '    ! runs with another configuration than engine-1: tradingCalendar, placement',
      ].join('\n'),
    );
  });

  it('cuts nothing off that says what is wrong, within a box and without', () => {
    const lastFault = 'the lease of this node is over, and has been for some time';
    const link = { phase: 'Opening', queuedMessages: 0, unansweredMs: 0, lastFault } as const;
    const nodes = [
      nodeShown('engine-1', ['engine'], { natsReachable: false }),
      nodeShown('engine-2', ['engine'], { link }),
      nodeShown('dns-1', ['dns'], { natsReachable: false }),
    ];
    const cluster = clusterShown(nodes, {
      natsReachable: false,
      natsFault:
        'nats://10.0.0.21:4222 refuses the login (user venue, its password in /etc/venue/nats.password): correct it',
      sessionsFault:
        'the database does not tell them: connect ECONNREFUSED 10.0.0.20:5432, tried again every second',
    });
    const text = drawCluster(cluster, { database: `down: ${'connect ECONNREFUSED '.repeat(5)}`, width: 80 });
    expect(Math.max(...text.split('\n').map((line) => line.length))).to.be.at.most(80);
    expect(text.replaceAll(/[\s│]+/g, ' '))
      .to.contain(
        '! engine-1: nats://10.0.0.21:4222 refuses the login (user venue, its password in /etc/venue/nats.password)',
      )
      .and.contain('correct it; it tries again by itself')
      .and.contain(
        'members: the database does not tell them: connect ECONNREFUSED 10.0.0.20:5432, tried again every second',
      )
      .and.contain(`database down: ${'connect ECONNREFUSED '.repeat(5)}`);
    expect(text).to.contain(
      [
        '┌─ engine-1 (asked) ─── without NATS ─┐  ┌─ engine-2 ────────────────── ready ─┐',
        '│ 0 symbols, 0 shards of accounts     │  │ 0 symbols, 0 shards of accounts     │',
        '│ lease 0.4 s old, 4.6 s left         │  │ lease 0.4 s old, 4.6 s left         │',
        '│ ! NATS does not reach it            │  │ ! no link: the lease of this node   │',
        '│                                     │  │   is over, and has been for some    │',
        '│                                     │  │   time                              │',
        '└─────────────────────────────────────┘  └─────────────────────────────────────┘',
        '  dns-1 (dns): without NATS, lease 0.4 s old, 4.6 s left',
        '    ! NATS does not reach it',
      ].join('\n'),
    );
  });

  it('says when its rows were read, and calls no node ready of which nothing has been heard since', () => {
    const lastFault = 'the lease of this node is over';
    const link = { phase: 'Opening', queuedMessages: 0, unansweredMs: 0, lastFault } as const;
    const nodes = [
      nodeShown('engine-1', ['engine'], { ready: false, leaseAgeMs: 9_400, leaseLeftMs: 0 }),
      nodeShown('engine-2', ['engine'], { ready: false, natsReachable: false, link }),
      nodeShown('dns-1', ['dns'], { ready: false }),
    ];
    const past = clusterShown(nodes, { readAgeMs: 9_000, outdated: true });
    expect(drawCluster(past, { database: 'down: it does not answer', width: 80 })).to.equal(
      [
        '  ! rows last read 9 s ago: owners and figures are as of then',
        '  members: 0 sessions',
        '    │ FIX',
        '    │ NATS: reaches engine-1; others are not known',
        '┌─ engine-1 (asked) ───── lease over ─┐  ┌─ engine-2 ────────────── not known ─┐',
        '│ 0 symbols, 0 shards of accounts     │  │ 0 symbols, 0 shards of accounts     │',
        '│ lease 9.4 s old, 0.0 s left         │  │ its lease is not known              │',
        '│                                     │  │ ! no link: the lease of this node   │',
        '│                                     │  │   is over                           │',
        '└─────────────────────────────────────┘  └─────────────────────────────────────┘',
        '  dns-1 (dns): not known, its lease is not known',
        '    │ SQL',
        '  database down: it does not answer',
        '',
      ].join('\n'),
    );
    const none = drawCluster(clusterShown([], { self: 'engine-1', readAgeMs: null, outdated: true }), UP);
    expect(none)
      .to.contain('  ! engine-1 is out of the cluster: it has no rows to draw\n')
      .and.not.contain('no engine runs');
  });

  it('says of a gateway that has just started that it is not ready, not that it advertises nothing', () => {
    const text = drawCluster(
      clusterShown([
        nodeShown('gateway-1', ['gateway'], { ready: false }),
        nodeShown('gateway-2', ['gateway']),
      ]),
      UP,
    );
    expect(text).to.match(/│ no address yet: it is not ready +│ {2}│ no address is advertised +│/);
  });

  it('says which node was asked, when that only answers for a name', () => {
    const text = drawCluster(clusterShown([nodeShown('dns-1', ['dns']), ...ENGINES], { self: 'dns-1' }), UP);
    expect(text).to.contain('  dns-1 (asked) (dns): ready, ');
  });

  it('names members by their rows where these are more than the connections', () => {
    const gateway = nodeShown('gateway-1', ['gateway'], { connections: 1, maxConnections: 2 });
    const sessions = ['alice', 'bob'].map((username, compId) => {
      return { compId, username, gateway: 'gateway-1', epoch: 1 };
    });
    const text = drawCluster(clusterShown([gateway], { sessions }), UP);
    expect(text).to.contain('│ 1 of 2 connections ').and.contain('│ by rows: alice bob ');
  });

  it('draws those first that an operator should look at, where not all are drawn', () => {
    const gateways = Array.from({ length: 9 }, (_, i) =>
      nodeShown(`gateway-${i}`, ['gateway'], i === 8 ? { warnings: ['its clock is wrong'] } : {}),
    );
    const drawn = lines(clusterShown(gateways));
    expect(drawn[2]).to.match(/^┌─ gateway-8 /);
    expect(drawn.join('\n')).to.contain('! its clock is wrong');
  });

  it('says when there is nobody to connect to, or to trade with', () => {
    const text = drawCluster(clusterShown([nodeShown('dns-1', ['dns'], { natsReachable: false })]), UP);
    expect(text)
      .to.contain('no gateway runs')
      .and.contain('no engine runs: nobody owns a symbol')
      .and.contain('NATS: reaches no node');
  });

  it('draws a node of both roles once', () => {
    const text = drawCluster(clusterShown([nodeShown('both', ['gateway', 'engine'])], MORE), UP);
    expect(text.match(/┌/g)).to.have.length(1);
    expect(text).to.contain('connections').and.contain('0 symbols').and.not.contain('no engine runs');
  });

  it('fits the terminal', () => {
    const cluster = clusterShown([...GATEWAYS, ...ENGINES, nodeShown('x'.repeat(80), ['engine'])], MORE);
    for (const [asked, most] of [
      [20, 80],
      [80, 80],
      [100, 100],
      [300, 110],
    ] as const) {
      const widest = Math.max(...lines(cluster, asked).map((line) => line.length));
      expect(widest, `${asked} columns`).to.be.within(70, most);
    }
  });

  it('stays one page with a hundred gateways and ten thousand symbols, the troubled first', () => {
    const gateways = Array.from({ length: 100 }, (_, i) =>
      nodeShown(`gateway-${i}`, ['gateway'], { connections: 10, ready: i !== 77 }),
    );
    const symbols = Array.from({ length: 10_000 }, (_, i) => {
      return {
        symbol: `S${i}`,
        owner: i === 9_876 ? null : 'engine-1',
        epoch: 1,
        placedOn: null,
        configuredOn: null,
      };
    });
    const engine = nodeShown('engine-1', ['engine'], { symbolCount: 9_999 });
    const sessions = Array.from({ length: 1_000 }, (_, compId) => {
      return { compId, username: `m${compId}`, gateway: 'gateway-1', epoch: 1 };
    });
    const cluster = clusterShown([...gateways, engine], { symbols, sessions, moreSessions: true });
    const drawn = lines(cluster);
    expect(drawn.length).to.be.below(40);
    expect(drawn[2]).to.match(/gateway-77 ─+ not ready/);
    const text = drawn.join('\n');
    expect(text)
      .to.contain('and 94 more: ready; 940 connections')
      .and.contain('9,999 symbols')
      .and.match(/S0@1 S1@1 .*\+9,99\d /)
      .and.contain('more than 1,000 sessions');

    const rows = symbols.map(({ symbol }) => ({ symbol, status: 'open', ready: true }));
    const page = statusText({ ...STATUS, symbols: rows, cluster }).split('\n');
    expect(page.length).to.be.below(100);
    expect(page.join('\n'))
      .to.match(/SYMBOL +OWNER +EPOCH +STATUS[^\n]*\nS9876 +- /)
      .and.contain('and 9,980 more symbols: --json has them')
      .and.contain('and 980 more sessions and others: --json has them');
  });
});

const STATUS = {
  node: 'gateway-1',
  venueCompId: 'ONEBOOK',
  uptimeMs: 1,
  ready: true,
  notReadyBecause: [],
  database: { up: true },
  listeners: [],
  sessions: [],
  symbols: [],
  commits: { lastNo: 1, lastBatch: 1 },
  commandsInFlight: 0,
  books: { total: 0, ready: 0 },
};

describe('the status of a node', () => {
  it('draws no cluster where there is none', () => {
    const text = statusText(STATUS);
    expect(text).to.not.contain('lease').and.not.contain('│');
    expect(text).to.match(/FIX +not yet/);
  });

  it('has a table of symbols with owner, epoch and placement, and one of sessions with gateways', () => {
    const symbols = [
      { symbol: 'BTC-USD', status: 'open', ready: true, referencePrice: '100' },
      { symbol: 'ETH-USD', status: 'halted', ready: true, haltedBy: 'operator', reason: 'news' },
    ];
    const text = statusText({ ...STATUS, symbols, cluster: clusterShown([...ENGINES, ...GATEWAYS], MORE) });
    expect(text).to.contain(
      [
        'SYMBOL   OWNER     EPOCH  PLACED ON                 STATUS  BOOK   REFERENCE  HALTED BY  REASON',
        'ETH-USD  engine-2     12  engine-2                  halted  ready          -  operator   news',
        'BTC-USD  engine-1      4  engine-1 (configuration)  open    ready        100  -          -',
        '',
        'COMP ID  MEMBER  GATEWAY',
        '   1001  alice   gateway-1',
        '   1002  -       gateway-2',
      ].join('\n'),
    );
    expect(text).to.match(/FIX +none: it is no gateway/);
  });
});
