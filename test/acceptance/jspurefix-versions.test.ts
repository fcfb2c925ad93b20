/**
 * Members with jspurefix in every version of FIX and over TLS, against the real process. FIX.4.4 and FIX.5.0SP2 are
 * read with the dictionaries that the engine ships; for FIX.4.2, whose Logon has no Username and Password but for the
 * venue's extension, with the one that the venue prints.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FixVersion } from '../../src/fix/version.ts';
import { createTestCertificates } from '../support/certificates.ts';
import { onebook } from '../support/cli.ts';
import {
  type EngineOptions,
  fieldValue,
  type JsOrder,
  JspurefixMember,
  type Understood,
} from '../support/jspurefix-member.ts';
import { identityOf, openMarket } from '../support/market-day.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const HEART_BT_INT_S = 30;
const SYMBOL = 'BTC-USD';
const FIX42_XML = 'FIX42.xml';
const TRANSPORTS = ['plain TCP', 'TLS'] as const;

const CASES: readonly { readonly version: FixVersion; readonly transport: (typeof TRANSPORTS)[number] }[] = [
  { version: 'FIX.4.4', transport: 'TLS' },
  { version: 'FIX.4.2', transport: 'plain TCP' },
  { version: 'FIX.4.2', transport: 'TLS' },
  { version: 'FIX.5.0SP2', transport: 'plain TCP' },
  { version: 'FIX.5.0SP2', transport: 'TLS' },
];

describe('A member with jspurefix, version by version', function () {
  this.timeout(60_000);

  const identities = CASES.map((_, index) => [
    identityOf(`alice-${index}`, 2 * index),
    identityOf(`bob-${index}`, 2 * index + 1),
  ]);
  let dataDir: string;
  let venue: VenueProcess;
  let ca: Buffer;

  before(async () => {
    dataDir = await newDataDir();
    const { caFile, certFile, keyFile } = await createTestCertificates(dataDir);
    ca = await readFile(caFile);
    const dictionary = await onebook(['fix', 'dictionary', '--version', 'FIX.4.2']);
    expect(dictionary.exitCode, dictionary.stderr).to.equal(0);
    await writeFile(join(dataDir, FIX42_XML), dictionary.stdout);
    venue = await VenueProcess.start(dataDir, {
      listeners: [{ port: 0 }, { port: 0, tls: { certFile, keyFile } }],
    });
    await openMarket(venue, identities.flat());
  });

  after(() => removeVenue(dataDir));

  const engineOptions = (version: FixVersion, isTls: boolean): EngineOptions => ({
    version,
    ...(version === 'FIX.4.2' && { dictionary: join(dataDir, FIX42_XML), hasComponents: false }),
    ...(version === 'FIX.5.0SP2' && { dictionary: 'qf50sp2' }),
    ...(isTls && { tls: { ca } }),
  });

  for (const [index, { version, transport }] of CASES.entries()) {
    it(`trades in ${version} over ${transport}`, async () => {
      const isTls = transport === 'TLS';
      const port = venue.fixPorts[TRANSPORTS.indexOf(transport)] ?? 0;
      const [alice, bob] = (identities[index] ?? []).map(
        (identity) => new JspurefixMember(identity, HEART_BT_INT_S, engineOptions(version, isTls)),
      );
      if (alice === undefined || bob === undefined) throw new Error('there are two members a case');
      await Promise.all([alice.logon(port), bob.logon(port)]);
      await tradeTogether(version, alice, bob);

      await bob.logout();
      alice.order({ clOrdId: 'b-2', symbol: SYMBOL, side: '1', orderQty: 2.5, price: 100.5 });
      const [, bought] = [await alice.next(), await alice.next()];
      expect(factsOf(bought)).to.deep.equal({ id: 'b-2', ...fillOf(version, '2'), qty: 2.5, cum: 2.5 });
      await bob.logon(port);
      expect(factsOf(await bob.next())).to.deep.equal({ id: 's-2', ...fillOf(version, '2'), qty: 3, cum: 3 });
      await Promise.all([alice.logout(), bob.logout()]);
      for (const member of [alice, bob]) {
        for (const msgType of ['3', 'j']) {
          expect(member.count('sent', msgType), 'what the engine did not like').to.equal(0);
          expect(member.count('received', msgType), 'what the venue did not like').to.equal(0);
        }
        expect(member.stops).to.deep.equal(member.stops.map(() => undefined));
      }
    });
  }

  it('says nothing over TLS to a venue that its authority has not certified', async () => {
    const stranger = new JspurefixMember(identityOf('carol', 99), HEART_BT_INT_S, {
      tls: {},
      connectTimeoutSeconds: 1,
    });
    const refusal = await stranger.logon(venue.fixPorts[1] ?? 0).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Error);
    expect(stranger.count('received', 'A')).to.equal(0);
  });
});

/** An offer of bob's rests, is filled in part by alice and replaced; a bid of alice's is canceled, and once too late. */
async function tradeTogether(
  version: FixVersion,
  alice: JspurefixMember,
  bob: JspurefixMember,
): Promise<void> {
  const offer: JsOrder = { clOrdId: 's-1', symbol: SYMBOL, side: '2', orderQty: 2, price: 100.25 };
  const bid: JsOrder = { clOrdId: 'b-1', symbol: SYMBOL, side: '1', orderQty: 0.5, price: 101 };

  bob.order(offer);
  const accepted = await bob.next();
  expect(factsOf(accepted)).to.deep.equal({ id: 's-1', type: '0', status: '0', qty: 2, cum: 0 });
  expect(fieldValue(accepted, 'Symbol')).to.equal(SYMBOL);
  expect(fieldValue(accepted, 'ExecTransType')).to.equal(version === 'FIX.4.2' ? '0' : undefined);

  alice.order(bid);
  const [, bought, sold] = [await alice.next(), await alice.next(), await bob.next()];
  expect(factsOf(bought)).to.deep.equal({ id: 'b-1', ...fillOf(version, '2'), qty: 0.5, cum: 0.5 });
  expect(factsOf(sold)).to.deep.equal({ id: 's-1', ...fillOf(version, '1'), qty: 2, cum: 0.5 });
  expect(fieldValue(sold, version === 'FIX.4.2' ? 'LastShares' : 'LastQty')).to.equal(0.5);
  expect(fieldValue(sold, 'LastPx')).to.equal(100.25);

  bob.replace('s-1', { ...offer, clOrdId: 's-2', orderQty: 3, price: 100.5 });
  expect(factsOf(await bob.next())).to.deep.equal({ id: 's-2', type: '5', status: '1', qty: 3, cum: 0.5 });

  const low: JsOrder = { ...bid, clOrdId: 'b-3', price: 90 };
  alice.order(low);
  alice.cancel('c-3', low);
  const [, canceled] = [await alice.next(), await alice.next()];
  expect(factsOf(canceled)).to.deep.equal({ id: 'c-3', type: '4', status: '4', qty: 0.5, cum: 0 });

  alice.cancel('c-1', bid);
  const tooLate = await alice.next();
  expect(tooLate.msgType).to.equal('9');
  expect(fieldValue(tooLate, 'OrdStatus')).to.equal('2');
  expect(fieldValue(tooLate, 'CxlRejReason')).to.equal(0);
}

function factsOf(report: Understood): Record<string, unknown> {
  return {
    id: fieldValue(report, 'ClOrdID'),
    type: fieldValue(report, 'ExecType'),
    status: fieldValue(report, 'OrdStatus'),
    qty: fieldValue(report, 'OrderQty'),
    cum: fieldValue(report, 'CumQty'),
  };
}

/** ExecType (150) and OrdStatus (39) of a fill: FIX.4.2 repeats the status, later versions have one type for all. */
function fillOf(version: FixVersion, status: '1' | '2') {
  return { type: version === 'FIX.4.2' ? status : 'F', status };
}
