// The tour's saved operations: each is valid and does what it says, with its variables.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { data } from './session.js';

const folder = 'examples/tour/queries';
const schema = buildSchema(readFileSync(process.env.SERVER_SDL, 'utf8'));
const answers = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith('.graphql'))) {
  const text = readFileSync(join(folder, file), 'utf8');
  const variables = join(folder, file.replace('.graphql', '.json'));
  assert.deepEqual(validate(schema, parse(text)), [], file);
  const name = file.replace(/^\d+-|\.graphql$/g, '');
  answers[name] = await data(text, existsSync(variables) ? JSON.parse(readFileSync(variables, 'utf8')) : {});
}

const { dashboard, pages, filters, aggregates, write, update, batch, transfer } = answers;
assert.equal(dashboard.user.followers.length, 2);
assert.deepEqual([pages.postsConnection.totalCount, pages.postsConnection.edges.length], [5, 2]);
assert.deepEqual(
  filters.posts.map(({ title }) => title),
  ['The long bridge', 'A quiet forge', 'Marsh birds'],
);
assert.equal(filters.productsCount, 2);
assert.deepEqual(aggregates.orderItemsAggregate.sum, { quantity: '8' });
assert.deepEqual(aggregates.orderItemsAggregate.max, { price: '999.99' });
assert.deepEqual(
  aggregates.postsGroups.map(({ key, count }) => [key.author, count]),
  [
    ['u1', 2],
    ['u2', 2],
    ['u3', 1],
  ],
);
assert.deepEqual([write.createPost.author.name, write.addComment.post.title], ['Ada Abel', 'A quiet forge']);
assert.equal(update.updateUser.name, 'Ada B. Abel');
assert.deepEqual(
  batch.batchPosts.map(({ title }) => title),
  ['Low water', 'On paper, and cloth'],
);
assert.deepEqual(transfer.transferFunds.from, { balance: '987.50' });
console.log(`fetch: the tour's ${Object.keys(answers).length} saved operations`);
