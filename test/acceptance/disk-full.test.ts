/**
 * The venue on a full disk, with real processes: the same outage as any other, whether it is rows or the database's log
 * that finds no room. The disk is a file system of its own in memory; where none can be mounted, nothing is tested.
 */
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { OutageScene } from '../support/outage.ts';
import { embeddedUrl, VenueProcess } from '../support/venue-process.ts';
import { Disk } from '../torture/disk.ts';
import { PostgresVictim } from '../torture/postgres-victim.ts';

describe('A venue on a full disk', function () {
  this.timeout(90_000);

  let disk: Disk;
  let venue: VenueProcess | undefined;
  let scene: OutageScene;

  before(async function () {
    disk = await Disk.open();
    if (disk.cannotFill !== undefined) {
      process.stdout.write(`  (skipped: ${disk.cannotFill})\n`);
      this.skip();
    }
    venue = await VenueProcess.start(disk.dataDir, { limits: { retryToMs: 500 } });
    scene = await OutageScene.open(venue, () => embeddedUrl(disk.dataDir));
  });

  after(async () => {
    await venue?.kill();
    await disk.close();
  });

  it('that has no room for rows refuses orders until there is', () =>
    scene.outlast({
      begin: () => disk.fill(),
      end: () => disk.free(),
      reason: /commits fail: .*No space left/,
    }));

  it('that has no room for the log either goes on by itself when there is', () =>
    scene.outlast({
      async begin() {
        await disk.fill();
        await new PostgresVictim(clusterDirOf(disk.dataDir)).useUpLog();
      },
      end: () => disk.free(),
      reason: /cannot be reached|commits fail/,
    }));
});
