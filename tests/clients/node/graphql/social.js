// The social module as its clients know it: names, arguments and shapes that must never change.
import assert from 'node:assert/strict';
import { ADA, NOBODY, data, post } from './session.js';

const DASHBOARD = `
  query Dashboard($id: ID!) {
    user(id: $id) {
      name
      email
      posts(limit: 5) { title createdAt comments(limit: 3) { text author { name } } }
      followers(limit: 10) { name }
    }
  }`;
const { user } = await data(DASHBOARD, { id: 'u1' });
assert.deepEqual([user.name, user.email], ['Ada Abel', 'ada@example.com']);
assert.deepEqual(user.followers.map(({ name }) => name).sort(), ['Ben Brook', 'Cleo Cole']);
assert.deepEqual(user.posts.map(({ title }) => title).sort(), ['On paper', 'Tide tables']);
const tides = user.posts.find(({ title }) => title === 'Tide tables');
assert.equal(Date.parse(tides.createdAt), Date.UTC(2026, 0, 5, 8));
assert.deepEqual(tides.comments.map(({ text, author }) => `${author.name}: ${text}`).sort(), [
  'Ada Abel: Gone by nine.',
  'Ben Brook: Saw them leave at dawn.',
  'Cleo Cole: And the fog?',
]);

assert.deepEqual(await data('{ user(id: "nobody") { name } }'), { user: null });

const page = await data('query($limit: Int, $offset: Int) { users(limit: $limit, offset: $offset) { id } }', {
  limit: 2,
  offset: 1,
});
assert.deepEqual(page, { users: [{ id: 'u2' }, { id: 'u3' }] });
assert.equal((await data('{ users { id } }')).users.length, 4);

assert.deepEqual(await data('{ post(id: "post3") { id title content author { id } } }'), {
  post: { id: 'post3', title: 'A quiet forge', content: 'Steel wants patience.', author: { id: 'u2' } },
});

// A post and a comment are the caller's own.
const { createPost } = await data(
  `mutation($title: String!, $content: String!) {
    createPost(title: $title, content: $content) { id title content createdAt author { id name } comments { id } }
  }`,
  { title: 'Kites', content: 'Wind from the west.' },
);
const { id: postId, createdAt, ...written } = createPost;
assert.ok(Math.abs(Date.now() - Date.parse(createdAt)) < 60_000, createdAt);
assert.deepEqual(written, {
  title: 'Kites',
  content: 'Wind from the west.',
  author: { id: 'u1', name: 'Ada Abel' },
  comments: [],
});

const { addComment } = await data(
  'mutation($postId: ID!, $text: String!) { addComment(postId: $postId, text: $text) { text author { id } post { id } } }',
  { postId, text: 'High up.' },
);
assert.deepEqual(addComment, { text: 'High up.', author: { id: 'u1' }, post: { id: postId } });
assert.deepEqual(await data('query($id: ID!) { post(id: $id) { comments { text } } }', { id: postId }), {
  post: { comments: [{ text: 'High up.' }] },
});

// Registration is open, the password goes in and never comes out.
const REGISTER = `
  mutation($name: String!, $email: String!, $password: String!) {
    createUser(name: $name, email: $email, password: $password) { id name email }
  }`;
const eva = { name: 'Eva', email: 'eva@example.com', password: 'eva' };
const { createUser } = await data(REGISTER, eva, NOBODY);
assert.deepEqual([createUser.name, createUser.email], ['Eva', 'eva@example.com']);
const code = ({ errors }) => errors?.[0].extensions.code;
assert.equal(code(await post({ query: REGISTER, variables: eva }, NOBODY)), 'ALREADY_EXISTS');
assert.equal(code(await post({ query: '{ user(id: "u1") { password } }' })), 'GRAPHQL_VALIDATION_FAILED');

// Who does not say who they are reads nobody, writes nothing, and may look at products.
const anonymous = await post({ query: '{ user(id: "u1") { name } }' }, NOBODY);
assert.deepEqual([anonymous.status, code(anonymous)], [401, 'UNAUTHENTICATED']);
const forged = await post(
  { query: '{ __typename }' },
  { authorization: `${ADA.authorization.slice(0, -4)}AAAA` },
);
assert.deepEqual([forged.status, code(forged)], [401, 'INVALID_TOKEN']);
assert.deepEqual(await data('{ product(id: "p1") { name price } }', {}, NOBODY), {
  product: { name: 'Laptop', price: 999.99 },
});
const others = await post({ query: 'mutation { updatePost(id: "post3", title: "Mine") { id } }' });
assert.equal(code(others), 'ACCESS_DENIED');
console.log('fetch: the queries of the social module');
