// @grpc/grpc-js with a description that is loaded when it runs.
//
// usage: grpc.js FOLDER FILE
import assert from 'node:assert/strict';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { ADA, ADMIN, LAPTOP, MOUSE, PATIENCE_MS, SERVER, failure, run } from './session.js';

const [folder, file] = process.argv.slice(2);
const definition = loader.loadSync(file, { includeDirs: [folder], keepCase: true, defaults: true, enums: String });
const { ProductService } = grpc.loadPackageDefinition(definition);
const target = new URL(SERVER).host;
const { status } = grpc;

/** A client with a connection of its own. */
const client = (options = {}) =>
  new ProductService(target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    ...options,
  });
const as = (authorization) => {
  const metadata = new grpc.Metadata();
  if (authorization) metadata.set('authorization', authorization);
  return metadata;
};
const within = (ms = PATIENCE_MS) => ({ deadline: Date.now() + ms });
const products = client();

/** A unary call as a promise. */
const get = (key, metadata = as(), options = within(), of = products) =>
  new Promise((resolve, reject) =>
    of.GetProduct({ product_id: key }, metadata, options, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
const list = async (request, of = products) => {
  const found = [];
  for await (const product of of.ListProducts(request, as(), within())) found.push(product);
  return found;
};
const update = (changes, metadata = as(ADMIN), options = within(), of = products) =>
  new Promise((resolve, reject) => {
    const done = (error, answer) => (error ? reject(error) : resolve(answer));
    const call = of.UpdateInventory(metadata, options, done);
    for (const [product_id, quantity_change] of changes) call.write({ product_id, quantity_change });
    call.end();
  });
/** The reasons in the details of an error, found as texts: a reader of its own would be no client's. */
const says = (error, reason) =>
  assert.ok(error.metadata.get('grpc-status-details-bin')[0]?.includes(reason), `${reason}: ${error}`);

async function unary() {
  assert.deepEqual(await get('p1'), LAPTOP);
  const missing = await failure(get('p0'));
  assert.deepEqual([missing.code, missing.details], [status.NOT_FOUND, 'Product not found']);
  says(missing, 'PRODUCT_NOT_FOUND');
  const many = await Promise.all(Array.from({ length: 500 }, (_, at) => get(`p${1 + (at % 2)}`)));
  assert.deepEqual(many.map(({ id }) => id), Array.from({ length: 500 }, (_, at) => `p${1 + (at % 2)}`));
}

async function serverStreaming() {
  assert.deepEqual(await list({}), [LAPTOP, MOUSE]);
  assert.deepEqual(await list({ page_size: 1 }), [LAPTOP]);
  assert.deepEqual(await list({ page_token: 'p1' }), [MOUSE]);
  assert.equal((await failure(list({ page_size: -1 }))).code, status.INVALID_ARGUMENT);
}

async function clientStreaming() {
  assert.deepEqual(await update([['p1', 5], ['p2', -10]]), { total_updated: 2 });
  assert.deepEqual(await update([['p1', -5], ['p2', 10]]), { total_updated: 2 });
  const out = await failure(update([['p1', 1], ['p2', -9999]]));
  assert.equal(out.code, status.FAILED_PRECONDITION);
  says(out, 'OUT_OF_STOCK');
  assert.equal((await failure(update([['p1', 1]], as(ADA)))).code, status.PERMISSION_DENIED);
  assert.equal((await failure(update([['p1', 1]], as()))).code, status.UNAUTHENTICATED);
  assert.deepEqual(await list({}), [LAPTOP, MOUSE]);
}

/** Resolves with the next message, or the end. */
function listener(call) {
  const come = [];
  const waiting = [];
  const give = (thing) => (waiting.length ? waiting.shift()(thing) : come.push(thing));
  call.on('data', ({ data }) => give(data));
  call.on('end', () => give('(end)'));
  call.on('error', ({ code }) => give(status[code]));
  return () => new Promise((resolve) => (come.length ? resolve(come.shift()) : waiting.push(resolve)));
}

const joined = async (call) => {
  await new Promise((resolve) => call.on('metadata', resolve));
  return listener(call);
};

async function bothWays() {
  const other = client();
  const first = products.BidirectionalSync(as(ADA), within());
  const second = other.BidirectionalSync(as(ADMIN), within());
  const [atFirst, atSecond] = await Promise.all([joined(first), joined(second)]);
  for (const data of ['one', '', 'drei ✓']) {
    first.write({ data });
    assert.equal(await atSecond(), data);
  }
  second.write({ data: 'back' });
  assert.equal(await atFirst(), 'back');
  first.end();
  assert.equal(await atFirst(), '(end)');
  second.write({ data: 'x'.repeat(65537) });
  assert.equal(await atSecond(), 'INVALID_ARGUMENT');
  other.close();
}

async function deadlines() {
  const call = products.BidirectionalSync(as(ADA), within(300));
  const next = await joined(call);
  assert.equal(await next(), 'DEADLINE_EXCEEDED');
  const waits = new Promise((resolve, reject) =>
    products.UpdateInventory(as(ADMIN), within(300), (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  assert.equal((await failure(waits)).code, status.DEADLINE_EXCEEDED);
}

async function cancellations() {
  const call = products.BidirectionalSync(as(ADA), within());
  const next = await joined(call);
  call.cancel();
  assert.equal(await next(), 'CANCELLED');
  const stream = products.ListProducts({}, as(), within());
  const ended = new Promise((resolve) => stream.on('error', resolve));
  stream.on('data', () => {});
  stream.cancel();
  assert.equal((await ended).code, status.CANCELLED);
  assert.deepEqual(await get('p1'), LAPTOP);
}

async function gzip() {
  const { gzip } = grpc.compressionAlgorithms;
  const squeezed = client({ 'grpc.default_compression_algorithm': gzip });
  assert.deepEqual(await get('p1', as(), within(), squeezed), LAPTOP);
  assert.deepEqual(await list({}, squeezed), [LAPTOP, MOUSE]);
  const changes = Array.from({ length: 200 }, (_, at) => ['p1', at % 2 ? 1 : -1]);
  assert.deepEqual(await update(changes, as(ADMIN), within(), squeezed), { total_updated: 200 });
  const speaker = squeezed.BidirectionalSync(as(ADA), within());
  const hearer = products.BidirectionalSync(as(ADMIN), within());
  const [, heard] = await Promise.all([joined(speaker), joined(hearer)]);
  const said = 'again and again, '.repeat(1000);
  speaker.write({ data: said });
  assert.equal(await heard(), said);
  speaker.cancel();
  hearer.cancel();
  squeezed.close();
}

async function tooLarge() {
  assert.equal((await failure(update([['x'.repeat(5 << 20), 1]]))).code, status.RESOURCE_EXHAUSTED);
  assert.deepEqual(await get('p1'), LAPTOP);
}

/** Pings of a client that keeps its connection, as often as it likes within reason, do not end it. */
async function keepalive() {
  const pinging = client({ 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_permit_without_calls': 1 });
  const call = pinging.BidirectionalSync(as(ADA), within());
  const next = await joined(call);
  // So long that it has pinged some ten times.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual(await get('p1', as(), within(), pinging), LAPTOP);
  call.end();
  assert.equal(await next(), '(end)');
  pinging.close();
}

async function metadata() {
  const sent = as();
  sent.set('x-request-id', 'of-my-own');
  const call = products.GetProduct({ product_id: 'p1' }, sent, within(), () => {});
  const head = await new Promise((resolve) => call.on('metadata', resolve));
  assert.deepEqual(head.get('x-request-id'), ['of-my-own']);
}

const parts = [unary, serverStreaming, clientStreaming, bothWays, deadlines, cancellations, gzip, tooLarge];
await run(`grpc-js with ${file}`, [...parts, keepalive, metadata]);
