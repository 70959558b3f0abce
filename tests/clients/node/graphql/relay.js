// Relay: its compiler takes the exported schema, and its runtime runs what the compiler makes of an application.
import assert from 'node:assert/strict';
import relay from 'relay-runtime';
import { compile } from './relay_compile.js';
import { data } from './session.js';

const { Environment, Network, RecordSource, Store, commitMutation, fetchQuery } = relay;
const made = compile();

const send = async ({ text }, variables) => ({ data: await data(text, variables) });
const environment = new Environment({ network: Network.create(send), store: new Store(new RecordSource()) });
const run = (query, variables) => fetchQuery(environment, query, variables).toPromise();
const records = () => environment.getStore().getSource();

/** The records that a record links to under a key. */
const linked = (id, key) =>
  records()
    .get(id)
    [key].__refs.map((ref) => records().get(ref));

// A fragment is asked for again by its node's id.
await run(made.documentsUserQuery, { id: 'u1' });
assert.equal(records().get('u1').name, 'Ada Abel');
const { node } = await run(made.documentsNodeQuery, { id: 'post1' });
assert.deepEqual([node.__typename, node.id], ['Post', 'post1']);
assert.deepEqual(await run(made.documentsNodeQuery, { id: 'nothing' }), { node: null });

// A connection grows by its pages until there is no next one.
await run(made.documentsUsersQuery, { first: 3 });
const connection = 'client:root:__documents_usersConnection_connection';
const names = () =>
  linked(connection, 'edges').map((edge) => records().get(records().get(edge.__id).node.__ref).name);
const pageInfo = () => records().get(records().get(connection).pageInfo.__ref);
assert.deepEqual(names(), ['Ada Abel', 'Ben Brook', 'Cleo Cole']);
assert.equal(pageInfo().hasNextPage, true);
await run(made.documentsUsersPageQuery, { first: 3, after: pageInfo().endCursor });
assert.equal(pageInfo().hasNextPage, false);
assert.deepEqual(names(), ['Ada Abel', 'Ben Brook', 'Cleo Cole', 'Dan Dale']);

const commit = (mutation, variables) =>
  new Promise((onCompleted, onError) =>
    commitMutation(environment, { mutation, variables, onCompleted, onError }),
  );
const { createPost } = await commit(made.documentsCreatePostMutation, {
  title: 'By Relay',
  content: '',
  connections: [],
});
assert.equal(records().get(createPost.id).title, 'By Relay');
await commit(made.documentsDeletePostMutation, { id: createPost.id });
assert.equal(records().get(createPost.id), null);
console.log(`Relay: ${Object.keys(made).length} artifacts`);
