// The JavaScript client of PostgREST, pointed at the API.
import assert from 'node:assert/strict';
import { PostgrestClient } from '@supabase/postgrest-js';

const client = new PostgrestClient(`${process.env.SERVER_URL}/api`, {
  headers: { Authorization: `Bearer ${process.env.TOKEN_ADA}` },
});

/** The rows of a query that must succeed. */
async function rows(query) {
  const { data, error } = await query;
  assert.equal(error, null);
  return data;
}

const ids = async (query) => (await rows(query)).map((row) => row.id);
const posts = () => client.from('posts').select('id');

assert.deepEqual(await ids(posts().eq('author', 'u1').order('id')), ['post1', 'post2']);
assert.deepEqual(await ids(posts().neq('author', 'u1').order('id', { ascending: false })), ['post5', 'post4', 'post3']);
assert.deepEqual(await ids(posts().in('id', ['post1', 'a,b', '(c)'])), ['post1']);
assert.deepEqual(await ids(posts().like('title', 'T%').order('id')), ['post1', 'post5']);
assert.deepEqual(await ids(posts().ilike('title', '%FORGE%')), ['post3']);
assert.deepEqual(await ids(posts().likeAnyOf('title', ['On%', 'Marsh%']).order('id')), ['post2', 'post4']);
assert.deepEqual(await ids(posts().gt('createdAt', '2026-01-08T00:00:00Z').order('id')), ['post4', 'post5']);
assert.deepEqual(await ids(posts().not('author', 'eq', 'u2').order('id')), ['post1', 'post2', 'post4']);
assert.deepEqual(await ids(posts().or('id.eq.post1,and(author.eq.u2,title.like.A*)').order('id')), ['post1', 'post3']);
assert.deepEqual(await ids(posts().order('id').range(1, 2)), ['post2', 'post3']);
assert.deepEqual(await ids(posts().match({ author: 'u2', title: 'A quiet forge' })), ['post3']);
assert.deepEqual(await ids(posts().textSearch('content', 'harbor boats', { type: 'plain' })), ['post1']);
assert.deepEqual(await ids(posts().is('title', null)), []);

const counted = await client.from('posts').select('id', { count: 'exact' }).limit(1);
assert.equal(counted.error, null);
assert.deepEqual([counted.count, counted.data.length], [5, 1]);

assert.deepEqual(
  await rows(
    client
      .from('users')
      .select('id, name, posts(title, comments(text, author(name)))')
      .eq('id', 'u2')
      .order('id', { referencedTable: 'posts' })
      .limit(1, { referencedTable: 'posts' }),
  ),
  [
    {
      id: 'u2',
      name: 'Ben Brook',
      posts: [{ title: 'A quiet forge', comments: [{ text: 'So it does.', author: { name: 'Ada Abel' } }] }],
    },
  ],
);

assert.deepEqual(await rows(client.from('posts').select('id, author!inner(name)').eq('author.name', 'Cleo Cole')), [
  { id: 'post4', author: { name: 'Cleo Cole' } },
]);
assert.deepEqual(await rows(client.from('posts').select('title, ...author(writer:name)').eq('id', 'post1')), [
  { title: 'Tide tables', writer: 'Ada Abel' },
]);
assert.deepEqual(await ids(client.from('users').select('id, posts()').is('posts', null)), ['u4']);

assert.deepEqual(await rows(client.from('orders').select('status, count()')), [
  { status: 'OPEN', count: 1 },
  { status: 'PAID', count: 1 },
]);
assert.deepEqual(await rows(client.from('orderItems').select('total:quantity.sum(), price.max()').eq('product', 'p2')), [
  { total: '7', max: '29.99' },
]);
assert.deepEqual(
  await rows(client.from('users').select('id, posts(count)').like('posts.title', 'T%').in('id', ['u1', 'u3']).order('id')),
  [
    { id: 'u1', postsCount: 1 },
    { id: 'u3', postsCount: 0 },
  ],
);

const refused = await client.from('posts').select('colour');
assert.equal(refused.status, 400);
assert.equal(refused.error.code, 'INVALID_INPUT');
assert.match(refused.error.message, /`colour`/);
assert.match(refused.error.details, /colour/);

// One record by itself.
const one = await client.from('posts').select('id, title').eq('id', 'post1').single();
assert.equal(one.error, null);
assert.deepEqual(one.data, { id: 'post1', title: 'Tide tables' });
for (const author of ['u1', 'nobody']) {
  const several = await client.from('posts').select('id').eq('author', author).single();
  assert.equal(several.status, 406);
  assert.equal(several.error.code, 'NOT_ACCEPTABLE');
  assert.match(several.error.message, /one record was asked for/);
}
assert.equal((await client.from('posts').select('id').eq('id', 'nowhere').maybeSingle()).data, null);
console.log('postgrest-js: the JavaScript client');
