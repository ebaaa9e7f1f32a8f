/* dynamodb-onetable itself: node onetable_shop.mjs ENDPOINT TABLE SCHEMA create|write|read, its answer as JSON on stdout. */
import { pathToFileURL } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Table } from 'dynamodb-onetable'
import { Dynamo } from 'dynamodb-onetable/Dynamo'

const [endpoint, name, file, verb] = process.argv.slice(2)
const loaded = await import(pathToFileURL(file).href)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const client = new Dynamo({ client: new DynamoDBClient({ endpoint, region: 'us-east-1', credentials }) })
const table = new Table({
    client,
    name,
    schema: loaded.default || loaded.Schema,
    partial: true,
    hidden: true,
    crypto: { primary: { cipher: 'aes-256-gcm', password: 'a password of the tests' } },
    logger: () => {},
})
const when = new Date('2026-01-02T03:04:05.678Z')

async function write() {
    await table.create('User', {
        id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
        email: 'ann@example.com',
        name: 'Ann',
        rank: 7,
        score: 2.5,
        joined: when,
        expires: when,
        address: { city: 'Bern', zip: 3000, moved: when },
        pets: [{ name: 'Rex' }],
        tags: ['a', 'b'],
        roles: new Set(['admin', 'staff']),
        data: { deep: [1, 'x', { y: true }], empty: '' },
        picture: Buffer.from([0, 255]),
        secret: 'plain text',
        first: 'Ann',
        last: 'Lee',
        code: 'ABCDEF',
        nick: null,
        active: true,
    })
    await table.create('User', { id: '2', email: 'bob@example.com', joined: when, roles: new Set([1, 2.5]), code: 'X' })
    await table.create('Order', { userId: '2', placed: when, number: 12, total: 0.1, key: 'k-1' })
}

let answer = null
if (verb == 'create') await table.createTable()
if (verb == 'write') await write()
if (verb == 'read') {
    const users = await table.find('User', { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, { hidden: true })
    const orders = await table.find('Order', { userId: '2' }, { hidden: true })
    answer = { users, orders }
    for (const user of users) {
        user.roles = [...user.roles].sort()
        user.picture = [...user.picture]
    }
}
process.stdout.write(JSON.stringify(answer))
