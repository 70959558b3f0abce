// Where the server is and who asks, for the clients of GraphQL.
import assert from 'node:assert/strict';

export const ENDPOINT = `${process.env.SERVER_URL}/graphql`;
export const ADA = { authorization: `Bearer ${process.env.TOKEN_ADA}` };
export const ADMIN = { authorization: `Bearer ${process.env.TOKEN_ADMIN}` };
export const NOBODY = {};

/** Sends one request as it stands and gives the answer with its status. */
export async function post(request, headers = ADA) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify(request),
  });
  return { status: response.status, ...(await response.json()) };
}

/** The data of a request that must succeed. */
export async function data(query, variables = {}, headers = ADA) {
  const { status, errors, data } = await post({ query, variables }, headers);
  assert.equal(errors, undefined, JSON.stringify(errors));
  assert.equal(status, 200);
  return data;
}

/** Adds so many comments of Ada's to a post, most of them with the text of another, and gives the ids of all. */
export async function fillComments(postId, count) {
  const operations = Array.from({ length: count }, (_, at) => ({
    create: { post: postId, text: `text ${at % 3}` },
  }));
  const create =
    'mutation($operations: [CommentBatchOperation!]!) { batchComments(operations: $operations) { id } }';
  await data(create, { operations });
  const found = await data('query($id: ID!) { post(id: $id) { comments(limit: 1000) { id } } }', {
    id: postId,
  });
  return found.post.comments.map(({ id }) => id).sort();
}
