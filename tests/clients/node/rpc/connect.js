// Connect's client for Node over its three protocols, in both formats, over both versions of HTTP.
import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { ADA, ADMIN, LAPTOP, MOUSE, SERVER, failure, run } from './session.js';
import { Goods, service } from './registry.js';

const Users = service('UserService');
const Posts = service('PostService');
const as = (authorization) => ({ headers: { authorization } });
const plain = ({ id, name, price, inventory }) => ({ id, name, price, inventory });

/** The heads of answers, by an interceptor, and the methods that HTTP was asked by. */
const heads = [];
const watching = (next) => async (request) => {
  const answer = await next(request);
  heads.push(answer.header);
  return answer;
};
// A request may be reported more than once.
const requests = new Set();
subscribe('http.client.request.start', ({ request }) => requests.add(request));
const gzip = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 0 };
const base = { baseUrl: SERVER, interceptors: [watching] };

const transports = {};
for (const useBinaryFormat of [true, false]) {
  const format = useBinaryFormat ? 'binary' : 'JSON';
  for (const httpVersion of ['1.1', '2']) {
    const options = { ...base, httpVersion, useBinaryFormat };
    transports[`Connect ${format} ${httpVersion}`] = createConnectTransport(options);
    transports[`Connect ${format} ${httpVersion} GET`] = createConnectTransport({ ...options, useHttpGet: true });
    transports[`Connect ${format} ${httpVersion} gzip`] = createConnectTransport({ ...options, ...gzip });
    transports[`gRPC-Web ${format} ${httpVersion}`] = createGrpcWebTransport(options);
    transports[`gRPC-Web ${format} ${httpVersion} gzip`] = createGrpcWebTransport({ ...options, ...gzip });
  }
  const options = { ...base, httpVersion: '2', useBinaryFormat };
  transports[`gRPC ${format} 2`] = createGrpcTransport(options);
  transports[`gRPC ${format} 2 gzip`] = createGrpcTransport({ ...options, ...gzip });
}

/** The details of a failed call that a service of ours says, by the descriptors of `google.rpc`. */
function reason(error) {
  const info = error.details.find(({ type }) => type === 'google.rpc.ErrorInfo');
  assert.ok(info, `${error}`);
  // Field 1 is the reason: a tag, a length, a text.
  return Buffer.from(info.value.subarray(2, 2 + info.value[1])).toString();
}
async function fails(promise, code, wanted) {
  const error = await failure(promise);
  assert.ok(error instanceof ConnectError, `${error}`);
  assert.equal(Code[error.code], Code[code], error.message);
  if (wanted) assert.equal(reason(error), wanted);
  return error;
}
const all = async (stream) => {
  const found = [];
  for await (const message of stream) found.push(message);
  return found;
};

async function unary(goods, users) {
  assert.deepEqual(plain(await goods.getProduct({ productId: 'p1' })), LAPTOP);
  const { user } = await users.get({ id: 'u1' }, as(ADA));
  assert.deepEqual([user.name, user.email], ['Ada Abel', 'ada@example.com']);
  const error = await fails(goods.getProduct({ productId: 'p0' }), Code.NotFound, 'PRODUCT_NOT_FOUND');
  assert.equal(error.rawMessage, 'Product not found');
  await fails(users.get({ id: 'u1' }), Code.Unauthenticated, 'UNAUTHENTICATED');
  const invalid = users.create({ user: { name: 'n'.repeat(101), email: 'x', password: 'p' } }, as(ADMIN));
  const { details } = await fails(invalid, Code.InvalidArgument);
  assert.ok(details.some(({ type }) => type === 'google.rpc.BadRequest'));
  const slow = users.get({ id: 'u1' }, { ...as(ADA), timeoutMs: 30_000 });
  assert.equal((await slow).user.id, 'u1');
}

async function serverStreaming(goods) {
  assert.deepEqual((await all(goods.listProducts({}))).map(plain), [LAPTOP, MOUSE]);
  assert.deepEqual((await all(goods.listProducts({ pageToken: 'p1' }))).map(plain), [MOUSE]);
  assert.deepEqual(await all(goods.listProducts({ pageToken: 'p9' })), []);
  await fails(all(goods.listProducts({ pageSize: -1 })), Code.InvalidArgument);
}

async function clientStreaming(goods) {
  async function* changes(...pairs) {
    for (const [productId, quantityChange] of pairs) yield { productId, quantityChange };
  }
  const done = await goods.updateInventory(changes(['p1', 3], ['p2', 0], ['p1', -3]), as(ADMIN));
  assert.equal(done.totalUpdated, 3);
  await fails(goods.updateInventory(changes(['p1', 1], ['p0', 1]), as(ADMIN)), Code.NotFound, 'PRODUCT_NOT_FOUND');
  await fails(goods.updateInventory(changes(['p2', -999]), as(ADMIN)), Code.FailedPrecondition, 'OUT_OF_STOCK');
  await fails(goods.updateInventory(changes(['p1', 1]), as(ADA)), Code.PermissionDenied, 'ACCESS_DENIED');
  assert.deepEqual(plain(await goods.getProduct({ productId: 'p1' })), LAPTOP);
}

/** Messages that are sent when one likes. */
function outbox() {
  const waiting = [];
  let wake = () => {};
  const push = (message) => {
    waiting.push(message);
    wake();
  };
  async function* messages() {
    for (;;) {
      while (!waiting.length) await new Promise((resolve) => (wake = resolve));
      const message = waiting.shift();
      if (message === undefined) return;
      yield message;
    }
  }
  return { push, messages: messages() };
}

/** Two participants hear each other; one that is alone hears nothing of itself, and half a close is the end. */
async function bothWays(goods) {
  const [here, there] = [outbox(), outbox()];
  const first = goods.bidirectionalSync(here.messages, as(ADA))[Symbol.asyncIterator]();
  const next = first.next();
  let joined;
  const isIn = new Promise((resolve) => (joined = resolve));
  const second = goods.bidirectionalSync(there.messages, { ...as(ADMIN), onHeader: joined })[Symbol.asyncIterator]();
  const other = second.next();
  await isIn;
  // Whether the first one is in as well is not told before it hears something.
  const heard = setInterval(() => there.push({ data: 'are you there?' }), 20);
  assert.equal((await next).value.data, 'are you there?');
  clearInterval(heard);
  here.push({ data: 'from here ✓' });
  assert.equal((await other).value.data, 'from here ✓');
  here.push(undefined);
  let rest = await first.next();
  while (!rest.done) {
    assert.equal(rest.value.data, 'are you there?');
    rest = await first.next();
  }
  there.push(undefined);
  assert.equal((await second.next()).done, true);
}

async function timeouts(goods) {
  const still = outbox();
  await fails(goods.updateInventory(still.messages, { ...as(ADMIN), timeoutMs: 200 }), Code.DeadlineExceeded);
  still.push(undefined);
}

const parts = [];
for (const [name, transport] of Object.entries(transports)) {
  const [goods, users] = [createClient(Goods, transport), createClient(Users, transport)];
  const shapes = [unary, serverStreaming, clientStreaming, timeouts];
  if (name.includes(' 2')) shapes.push(bothWays);
  for (const shape of shapes) {
    const part = { [`${name} ${shape.name}`]: () => shape(goods, users) };
    parts.push(...Object.values(part));
  }
}

/** Reads by GET, which caches may keep; what changes something is never asked so. */
async function byGet() {
  for (const useBinaryFormat of [true, false]) {
    const transport = createConnectTransport({ ...base, httpVersion: '1.1', useBinaryFormat, useHttpGet: true });
    const [goods, posts] = [createClient(Goods, transport), createClient(Posts, transport)];
    requests.clear();
    await goods.getProduct({ productId: 'p1' });
    const { post } = await posts.create({ post: { title: 'by POST', content: 'x' } }, as(ADA));
    await posts.delete({ id: post.id }, as(ADA));
    assert.deepEqual([...requests].map(({ method }) => method), ['GET', 'POST', 'POST']);
  }
}

/** A long answer comes compressed, where that is taken. */
async function compressed() {
  const made = createClient(Posts, transports['gRPC binary 2']);
  const content = 'again and again, '.repeat(1000);
  const { post } = await made.create({ post: { title: 'long', content } }, as(ADA));
  for (const name of ['Connect binary 1.1 gzip', 'Connect JSON 2 gzip', 'gRPC-Web binary 2 gzip', 'gRPC binary 2 gzip']) {
    heads.length = 0;
    const posts = createClient(Posts, transports[name]);
    assert.equal((await posts.get({ id: post.id }, as(ADA))).post.content, content);
    const coding = heads[0].get('content-encoding') ?? heads[0].get('grpc-encoding');
    assert.equal(coding, 'gzip', name);
    const streamed = await all(posts.stream({}, as(ADA)));
    assert.ok(streamed.some((answer) => answer.post.content === content), name);
  }
  await made.delete({ id: post.id }, as(ADA));
}

await run('Connect for Node', [...parts, byGet, compressed]);
