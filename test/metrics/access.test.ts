/** Who may read the metrics: the holder of the token, or whoever reaches the port where the configuration says so. */
import { expect } from 'chai';
import type { VenueControl } from '../../src/admin/control.ts';
import { buildAdminServer } from '../../src/admin/server.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import { resolveNodeConfig } from '../../src/config/node-config.ts';
import { readCluster } from '../../src/config/read-cluster.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ADMIN_TOKEN, IDLE_STATUS } from '../support/admin-api.ts';

describe('access to the metrics', () => {
  const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'onebook_store_up 1\n' };

  /** What the parts of the API that are asked here need of a venue: nothing but what it says of itself. */
  const control = {
    gatewayName: 'fix',
    tell() {},
    status: () => IDLE_STATUS,
    readiness: async () => ({ ready: true, reasons: [] }),
    metrics,
  } as unknown as VenueControl;

  async function statusOf(openMetrics: boolean | undefined, url: string, token?: string): Promise<number> {
    const options = { token: ADMIN_TOKEN, control, log: silentLog };
    const app = buildAdminServer(openMetrics === undefined ? options : { ...options, openMetrics });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { statusCode, body, headers: answered } = await app.inject({ method: 'GET', url, headers });
    if (statusCode === 200 && url === '/metrics') {
      expect(body).equal('onebook_store_up 1\n');
      expect(answered['content-type']).contain('version=0.0.4');
    }
    await app.close();
    return statusCode;
  }

  it('needs the token unless the configuration opens it', async () => {
    expect(await statusOf(undefined, '/metrics')).equal(401);
    expect(await statusOf(false, '/metrics')).equal(401);
    expect(await statusOf(undefined, '/metrics', ADMIN_TOKEN)).equal(200);
    expect(await statusOf(true, '/metrics')).equal(200);
  });

  it('opens nothing else', async () => {
    for (const url of ['/v1/status', '/v1/users', '/metrics/', '//metrics', '/v1/metrics']) {
      expect(await statusOf(true, url), url).equal(401);
    }
  });

  it('is opened by openMetrics of the admin API, which must be true or false', () => {
    const openOf = (cluster: ClusterConfig): boolean | undefined => {
      const config = resolveNodeConfig({
        flags: {},
        env: {},
        cluster,
        clusterFile: 'cluster.config.ts',
        clusterDir: '/etc/onebook',
        workingDir: '/home/operator',
        nodeName: 'local',
      });
      return 'admin' in config ? config.admin.openMetrics : undefined;
    };
    expect(openOf({ nodes: { local: { admin: { openMetrics: true } } } })).equal(true);
    expect(openOf({ nodes: { local: { admin: { openMetrics: false } } } })).equal(undefined);
    expect(openOf({ nodes: { local: {} } })).equal(undefined);
    expect(
      readCluster({ nodes: { local: { admin: { openMetrics: 'yes' } } } }, 'cluster.config.ts'),
    ).deep.equal([
      { message: 'cluster.config.ts: nodes.local.admin.openMetrics must be true or false, not "yes"' },
    ]);
  });
});
