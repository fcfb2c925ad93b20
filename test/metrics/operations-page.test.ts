/** The operators' page on metrics and alarms: an expression about a metric that does not exist would never fire. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VenueMetrics } from '../../src/metrics/venue-metrics.ts';
import { Exposition } from '../support/exposition.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'OPERATIONS.md');

describe('the operators’ page on metrics', () => {
  let section: string;
  let figures: Exposition;

  before(async () => {
    const [, after = ''] = readFileSync(PAGE, 'utf8').split('\n## Metrics and alarms\n');
    section = after.split('\n## ')[0] ?? '';
    figures = new Exposition(await new VenueMetrics({ clock: { now: () => 0 }, dataDir: '.' }).text());
  });

  it('names only metrics that exist in its alarms, with labels that they have', () => {
    const alarms = section.split('### What each alarm means')[1] ?? '';
    const named = [
      ...alarms.matchAll(/\b((?:onebook|nodejs|process)_[a-z0-9_]+)(?:\{([a-z]+)=~?"([^"]+)"\})?/g),
    ];
    expect(named.length).greaterThan(15);
    for (const [, written = '', label, values] of named) {
      const name = written.replace(/_(bucket|sum|count)$/, '');
      expect(figures.names, written).to.include(name);
      if (label === undefined || values === undefined || label === 'queue') continue;
      for (const value of values.split('\\|')) {
        expect(Object.keys(figures.byLabel(name, label)), `${name} ${label}`).to.include(value);
      }
    }
  });

  it('says of each line of the log that is an alarm what to do', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const source = sources.join('\n');
    const events = [...source.matchAll(/log\.error\('([^']+)',\s*\{\s*alarm: true/g)].map(
      ([, event]) => event,
    );
    expect(events.length).greaterThan(5);
    expect(events).to.have.length([...source.matchAll(/\balarm: true/g)].length);
    for (const event of events) expect(section).to.match(new RegExp(`^\\|.*\`${event}\`.* \\|$`, 'm'));
  });

  it('names every metric of the venue', () => {
    const table = section.split('### What each alarm means')[0] ?? '';
    for (const name of figures.names) {
      if (name.startsWith('onebook_')) expect(table).to.contain(`\`${name.slice('onebook_'.length)}\``);
    }
  });
});
