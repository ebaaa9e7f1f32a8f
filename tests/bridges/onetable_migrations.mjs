/* onetable-migrate itself: node onetable_migrations.mjs ENDPOINT TABLE iso|epoch ACTION...  Each action is run; it makes the table first. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Table } from 'dynamodb-onetable'
import { Dynamo } from 'dynamodb-onetable/Dynamo'
import { Migrate } from 'onetable-migrate'

const [endpoint, name, dates, ...actions] = process.argv.slice(2)
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID || 'test', secretAccessKey: 'test' }
const client = new Dynamo({ client: new DynamoDBClient({ endpoint, region: 'us-east-1', credentials }) })
const schema = {
    format: 'onetable:1.1.0',
    version: '0.0.1',
    indexes: { primary: { hash: 'PK', sort: 'SK' } },
    models: { User: { PK: { type: String, value: 'user#${id}' }, SK: { type: String, value: 'user#' }, id: { type: String } } },
    params: { isoDates: dates == 'iso', timestamps: false },
}
let broken = true
const migration = (version, description, up = async () => {}) => ({ version, description, schema, up, down: async () => {} })
const migrations = [
    migration('0.0.1', 'Stock the table', async (db) => await db.create('User', { id: '1' }, { exists: null })),
    migration('0.0.2', 'Split the name'),
    migration('0.0.3-beta.1', 'Try it'),
    migration('0.1.0', 'Fails at first', async () => {
        if (broken) throw new Error('Cannot do it')
    }),
    migration('0.1.3', 'By country'),
    migration('stamp', 'A named one'),
    migration('reset', 'All of it'),
]
const table = new Table({ client, name, schema, partial: true, logger: () => {} })
if (!(await table.exists())) await table.createTable()
const migrate = new Migrate(table, { migrations, log: { info: () => {}, error: () => {} } })
await migrate.init()
for (const action of actions) {
    const [verb, version] = action.split(':')
    if (verb == 'mend') broken = false
    else await migrate.apply(verb, version).catch(() => {})
}
process.stdout.write(JSON.stringify({ current: await migrate.getCurrentVersion() }))
