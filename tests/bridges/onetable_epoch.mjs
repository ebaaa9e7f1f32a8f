/* The same schema with dates as milliseconds since 1970, and another attribute for the type. */
import schema from './onetable_schema.mjs'

export const Schema = { ...schema, params: { timestamps: 'update', typeField: 'kind', updatedField: 'changed' } }
Schema.indexes = { ...schema.indexes, gs2: { hash: 'email', sort: 'rank', project: 'keys' } }
