/** For the ORM's command line, which writes migrations: `npm run migration:create`. The venue does not read it. */
import { ormConfig } from './src/persistence/orm.ts';

const { ONEBOOK_DATABASE_URL: url } = process.env;

export default ormConfig(url ?? 'postgres://onebook@127.0.0.1:5432/onebook');
