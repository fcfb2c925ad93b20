/**
 * Which assets there are: those that instruments name, and those that somebody holds. Nothing else lists them, so that a
 * slip of the pen would make one.
 */
import type { EntityManager } from '@mikro-orm/postgresql';
import { Balance } from '../entities/balance.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { Refusal } from './answers.ts';
import { quoted } from './values.ts';

/** So many are named, that a refusal stays one line. */
const NAMED_ASSETS = 20;

/** Undefined when an instrument names the asset or somebody holds it; otherwise a refusal with those that there are. */
export async function checkKnownAsset(em: EntityManager, asset: string): Promise<Refusal | undefined> {
  const named = await em.findOne(InstrumentRow, { $or: [{ baseAsset: asset }, { quoteAsset: asset }] });
  if (named !== null || (await em.findOne(Balance, { asset, amount: { $gt: '0' } })) !== null)
    return undefined;
  const known = await knownAssets(em);
  const shown = known.slice(0, NAMED_ASSETS).join(', ');
  const more = known.length > NAMED_ASSETS ? ` and ${known.length - NAMED_ASSETS} more` : '';
  const there = known.length === 0 ? 'there is none yet' : `there is ${shown}${more}`;
  return new Refusal(
    409,
    `no instrument names the asset ${quoted(asset)} and nobody holds it; ${there}. ` +
      'If it is meant, say --new-asset (newAsset: true)',
  );
}

async function knownAssets(em: EntityManager): Promise<readonly string[]> {
  const rows: readonly { readonly asset: string }[] = await em
    .getConnection()
    .execute(
      'select base_asset as asset from instruments union select quote_asset from instruments ' +
        'union select asset from balances where amount > 0 order by 1',
    );
  return rows.map(({ asset }) => asset);
}
