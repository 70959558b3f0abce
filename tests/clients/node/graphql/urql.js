// urql: queries, mutations, errors, persisted queries, pagination to the end, one object per key in its cache.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { ADA, ENDPOINT, NOBODY, fillComments } from './session.js';

/** What was sent, newest last: the method, and whether the document went along. */
const sent = [];

function watchedFetch(url, init) {
  const text = init.method === 'GET' ? new URL(url).searchParams.get('query') : JSON.parse(init.body).query;
  sent.push(`${init.method} ${text ? 'document' : 'hash'}`);
  return fetch(url, init);
}

const pages = { commentsConnection: relayPagination() };
const keyed = (types) => Object.fromEntries(types.map((type) => [type, () => null]));

function client(headers, ...exchanges) {
  const cache = cacheExchange({
    resolvers: { Query: pages },
    keys: keyed(['PageInfo', 'CommentConnection', 'CommentEdge']),
  });
  return new Client({
    url: ENDPOINT,
    fetch: watchedFetch,
    fetchOptions: { headers },
    preferGetMethod: false,
    exchanges: [cache, ...exchanges, fetchExchange],
  });
}

/** The data of something that must succeed. */
async function data(result) {
  const { data, error } = await result;
  assert.equal(error, undefined, String(error));
  return data;
}

/** The errors' codes of something that must fail. */
async function codes(result) {
  const { error } = await result;
  assert.ok(error, 'it must fail');
  return error.graphQLErrors.map(({ extensions }) => extensions.code);
}

const ada = client(ADA);
const POSTS = gql`
  query {
    posts(where: { author: { name: { like: "Ada%" } } }, orderBy: [{ createdAt: DESC }]) {
      id
      title
      author {
        id
        name
      }
    }
  }
`;

// Queries and mutations, and one object per key: the change is seen wherever the object is.
const { posts } = await data(ada.query(POSTS, {}));
assert.deepEqual(
  posts.map(({ title }) => title),
  ['On paper', 'Tide tables'],
);
const RENAME = gql`
  mutation ($id: ID!, $name: String) {
    updateUser(id: $id, name: $name) {
      id
      name
    }
  }
`;
await data(ada.mutation(RENAME, { id: 'u1', name: 'Ada A. Abel' }));
const cached = await data(ada.query(POSTS, {}, { requestPolicy: 'cache-only' }));
assert.deepEqual(
  cached.posts.map(({ author }) => author.name),
  ['Ada A. Abel', 'Ada A. Abel'],
);

// Errors keep their codes, of the whole request and of one field.
assert.deepEqual(await codes(ada.mutation(RENAME, { id: 'u2', name: 'Not Ben' })), ['ACCESS_DENIED']);
assert.deepEqual(await codes(ada.mutation(RENAME, { id: 'nobody', name: 'x' })), ['USER_NOT_FOUND']);
assert.deepEqual(await codes(client(NOBODY).query(POSTS, {})), ['UNAUTHENTICATED']);
assert.deepEqual(await codes(ada.query('{ colour }', {})), ['GRAPHQL_VALIDATION_FAILED']);

// Persisted queries: the hash alone, then once with the document, from then on the hash alone; also by GET.
const generateHash = async (text) => createHash('sha256').update(text).digest('hex');
for (const method of ['POST', 'GET']) {
  const exchange = persistedExchange({ preferGetForPersistedQueries: method === 'GET', generateHash });
  const persisted = client(ADA, exchange);
  const query = gql(`query By${method} { users { id email } }`);
  const ask = async () => {
    sent.length = 0;
    assert.equal((await data(persisted.query(query, {}, { requestPolicy: 'network-only' }))).users.length, 4);
    return [...sent];
  };
  assert.deepEqual(await ask(), [`${method} hash`, `${method} document`]);
  assert.deepEqual(await ask(), [`${method} hash`]);
}

// Pagination: from the last page to the first as well as on, each row once, in an order with many ties.
const everyComment = await fillComments('post3', 40);
const PAGE = gql`
  query ($after: String) {
    commentsConnection(
      where: { post: { id: { eq: "post3" } } }
      orderBy: [{ text: ASC }]
      first: 9
      after: $after
    ) {
      edges {
        cursor
        node {
          id
          text
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;
let { commentsConnection: page } = await data(ada.query(PAGE, {}));
for (let left = 20; page.pageInfo.hasNextPage; left -= 1) {
  assert.ok(left > 0, 'the pages have no end');
  page = (await data(ada.query(PAGE, { after: page.pageInfo.endCursor }))).commentsConnection;
}
assert.deepEqual(page.edges.map(({ node }) => node.id).sort(), everyComment);

const BACK = gql`
  query ($before: String) {
    commentsConnection(
      where: { post: { id: { eq: "post3" } } }
      orderBy: [{ text: ASC }]
      last: 9
      before: $before
    ) {
      edges {
        node {
          id
        }
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
`;
const forwards = page.edges.map(({ node }) => node.id);
const backwards = [];
for (let before, left = 20; ; left -= 1) {
  assert.ok(left > 0, 'the pages have no end');
  const { commentsConnection: back } = await data(client(ADA).query(BACK, { before }));
  backwards.unshift(...back.edges.map(({ node }) => node.id));
  if (!back.pageInfo.hasPreviousPage) break;
  before = back.pageInfo.startCursor;
}
assert.deepEqual(backwards, forwards);
console.log('urql');
