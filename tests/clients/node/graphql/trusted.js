// Trusted documents: Relay's compiler lists those of an application, and the server takes these and no others.
//
// usage: trusted.js list|run FILE      writes the list that the server is then started with; runs documents of it
import assert from 'node:assert/strict';
import { compile } from './relay_compile.js';
import { post } from './session.js';

const [task, list] = process.argv.slice(2);
const made = compile(list);

async function run() {
  const { id, text } = made.documentsUsersQuery.params;
  assert.equal(text, null);
  const variables = { first: 2 };
  const wanted = { totalCount: 4, names: ['Ada Abel', 'Ben Brook'] };
  const shown = ({ data: { usersConnection: found } }) => ({
    totalCount: found.totalCount,
    names: found.edges.map(({ node }) => node.name),
  });
  assert.deepEqual(shown(await post({ documentId: id, variables })), wanted);
  const byHash = { extensions: { persistedQuery: { version: 1, sha256Hash: id } }, variables };
  assert.deepEqual(shown(await post(byHash)), wanted);

  const codes = async (request) => {
    const { status, errors } = await post(request);
    assert.ok(status >= 400 && status < 500, `status ${status}`);
    return errors.map(({ extensions }) => extensions.code);
  };
  assert.deepEqual(await codes({ query: '{ __typename }' }), ['DOCUMENT_NOT_TRUSTED']);
  assert.deepEqual(await codes({ query: '{ users { password } }' }), ['DOCUMENT_NOT_TRUSTED']);
  assert.deepEqual(await codes({ documentId: '0'.repeat(64) }), ['DOCUMENT_NOT_TRUSTED']);
  console.log(`Relay: ${Object.keys(made).length} artifacts by their ids alone`);
}

if (task === 'run') await run();
