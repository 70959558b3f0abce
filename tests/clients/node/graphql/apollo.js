// Apollo Client: queries, mutations, errors, persisted queries, pagination to the end, one object per id in its cache.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  gql,
} from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { ADA, ENDPOINT, NOBODY, fillComments } from './session.js';

/** What was sent, newest last: the method, and whether the document went along. */
const sent = [];

function watchedFetch(url, init) {
  const text = init.method === 'GET' ? new URL(url).searchParams.get('query') : JSON.parse(init.body).query;
  sent.push(`${init.method} ${text ? 'document' : 'hash'}`);
  return fetch(url, init);
}

function client(headers, ...links) {
  const http = new HttpLink({ uri: ENDPOINT, headers, fetch: watchedFetch });
  const pages = { Query: { fields: { commentsConnection: relayStylePagination(['where', 'orderBy']) } } };
  return new ApolloClient({
    cache: new InMemoryCache({ typePolicies: pages }),
    link: ApolloLink.from([...links, http]),
  });
}

/** The errors' codes of something that must fail. */
async function codes(promise) {
  const error = await promise.then(
    () => assert.fail('it must fail'),
    (error) => error,
  );
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  return error.errors.map(({ extensions }) => extensions.code);
}

const ada = client(ADA);
const USER = gql`
  query User($id: ID!) {
    user(id: $id) {
      id
      name
      posts(limit: 1, orderBy: [{ id: ASC }]) {
        id
        title
        author {
          id
        }
      }
    }
  }
`;

// Queries and mutations, and one object per id: the change is seen wherever the object is.
const first = await ada.query({ query: USER, variables: { id: 'u1' } });
assert.equal(first.data.user.posts[0].title, 'Tide tables');
assert.deepEqual(Object.keys(ada.cache.extract()).sort(), ['Post:post1', 'ROOT_QUERY', 'User:u1']);
await ada.mutate({
  mutation: gql`
    mutation Rename($id: ID!, $title: String) {
      updatePost(id: $id, title: $title) {
        id
        title
      }
    }
  `,
  variables: { id: 'post1', title: 'Tide tables, corrected' },
});
const cached = await ada.query({ query: USER, variables: { id: 'u1' }, fetchPolicy: 'cache-only' });
assert.equal(cached.data.user.posts[0].title, 'Tide tables, corrected');

// Errors keep their codes, of the whole request and of one field.
const REGISTER = gql`
  mutation Register($email: String!) {
    createUser(name: "", email: $email, password: "x") {
      id
    }
  }
`;
const refused = await ada
  .mutate({ mutation: REGISTER, variables: { email: 'no address' } })
  .catch((error) => error);
assert.equal(refused.errors[0].extensions.code, 'INVALID_INPUT');
assert.deepEqual(refused.errors[0].extensions.fields.map(({ field }) => field).sort(), ['email', 'name']);
assert.deepEqual(await codes(client(NOBODY).query({ query: USER, variables: { id: 'u1' } })), [
  'UNAUTHENTICATED',
]);
const NOT_THERE = gql`
  mutation {
    deletePost(id: "nothing") {
      id
    }
  }
`;
assert.deepEqual(await codes(ada.mutate({ mutation: NOT_THERE })), ['POST_NOT_FOUND']);
const MIXED = gql`
  {
    product(id: "p1") {
      id
      name
    }
    user(id: "u1") {
      id
    }
  }
`;
const mixed = await client(NOBODY).query({ query: MIXED, errorPolicy: 'all' });
assert.deepEqual([mixed.data.product.name, mixed.data.user], ['Laptop', null]);
assert.deepEqual(
  mixed.error.errors.map(({ path, extensions }) => [path, extensions.code]),
  [[['user'], 'UNAUTHENTICATED']],
);

// Persisted queries: the hash alone, then once with the document, from then on the hash alone; also by GET.
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
for (const method of ['POST', 'GET']) {
  const persisted = client(ADA, new PersistedQueryLink({ sha256, useGETForHashedQueries: method === 'GET' }));
  const query = gql(`query By${method} { users { id name } }`);
  const ask = async () => {
    sent.length = 0;
    const { data } = await persisted.query({ query, fetchPolicy: 'network-only' });
    assert.equal(data.users.length, 4);
    return [...sent];
  };
  // The document itself goes by POST, whatever the hashes go by.
  assert.deepEqual(await ask(), [`${method} hash`, 'POST document']);
  assert.deepEqual(await ask(), [`${method} hash`]);
}

// Pagination: from the first page to the last, each row once, in an order with many ties.
const everyComment = await fillComments('post2', 40);
const PAGE = gql`
  query Page($after: String) {
    commentsConnection(
      where: { post: { id: { eq: "post2" } } }
      orderBy: [{ text: DESC }, { author: { name: ASC } }]
      first: 7
      after: $after
    ) {
      totalCount
      edges {
        cursor
        node {
          id
          text
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;
const begun = await ada.query({ query: PAGE });
const pages = ada.watchQuery({ query: PAGE });
let { pageInfo } = begun.data.commentsConnection;
for (let left = 20; pageInfo.hasNextPage; left -= 1) {
  assert.ok(left > 0, 'the pages have no end');
  const more = await pages.fetchMore({ variables: { after: pageInfo.endCursor } });
  ({ pageInfo } = more.data.commentsConnection);
}
const { data: all } = await ada.query({ query: PAGE, fetchPolicy: 'cache-only' });
const rows = all.commentsConnection.edges.map(({ node }) => node);
assert.deepEqual(rows.map(({ id }) => id).sort(), everyComment);
assert.equal(all.commentsConnection.totalCount, everyComment.length);
const texts = rows.map(({ text }) => text);
assert.deepEqual(texts, [...texts].sort().reverse());
console.log('Apollo Client');
