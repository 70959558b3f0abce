// grpc-js with the product service over the tour's database.
// usage: server.mjs --database FILE --proto FILE --listen ADDRESS:PORT
//        NODE_JWT_SECRET: the secret that tokens are signed with (HS256)
import { createSecretKey } from 'node:crypto';
import { parseArgs } from 'node:util';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import Database from 'better-sqlite3';
import jwt from 'jsonwebtoken';

const LEEWAY_S = 30;
const LIST_DEFAULT = 100;
const LIST_MAX = 100_000;
const PAGE_ROWS = 256;
const UPDATES_MAX = 100_000;
// Messages that a participant has yet to take, at the most.
const WAITING_MAX = 4096;

const text = { type: 'string' };
const { values: options } = parseArgs({ options: { database: text, proto: text, listen: text } });
const secret = createSecretKey(process.env.NODE_JWT_SECRET, 'utf8');

const db = new Database(options.database, { fileMustExist: true });
db.pragma('cache_size = -65536');
db.pragma('mmap_size = 268435456');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('wal_autocheckpoint = 2000');

const one = db.prepare('SELECT id, name, price, inventory FROM product WHERE id = ?');
const page = db.prepare('SELECT id, name, price, inventory FROM product WHERE id > ? ORDER BY id LIMIT ?');
const change = db.prepare('UPDATE product SET inventory = inventory + ? WHERE id = ? AND inventory + ? >= 0');
const changeAll = db.transaction((updates) => {
  for (const { product_id: id, quantity_change: quantity } of updates) {
    if (change.run(quantity, id, quantity).changes === 0) {
      throw one.get(id)
        ? failure(grpc.status.FAILED_PRECONDITION, 'fewer are in stock than are to be taken out')
        : failure(grpc.status.NOT_FOUND, 'Product not found');
    }
  }
  return updates.length;
});

function failure(code, details) {
  return Object.assign(new Error(details), { code, details });
}

// What a caller is told of an error.
function answer(error) {
  return typeof error.code === 'number' ? error : failure(grpc.status.INTERNAL, 'failed');
}

// Who calls.
function authenticate(call) {
  try {
    const [scheme, token] = String(call.metadata.get('authorization')[0] ?? '').split(' ');
    if (scheme !== 'Bearer') throw new Error('no token');
    return jwt.verify(token, secret, { algorithms: ['HS256'], clockTolerance: LEEWAY_S });
  } catch {
    throw failure(grpc.status.UNAUTHENTICATED, 'no valid token');
  }
}

// A method with one answer. What it throws is the answer otherwise.
function answering(method) {
  return async (call, callback) => {
    try {
      callback(null, await method(call, authenticate(call)));
    } catch (error) {
      callback(answer(error));
    }
  };
}

// A method that writes to the call, and ends it itself.
function writing(method) {
  return async (call) => {
    try {
      await method(call, authenticate(call));
    } catch (error) {
      call.emit('error', answer(error));
    }
  };
}

function getProduct({ request }) {
  const product = one.get(request.product_id);
  if (!product) throw failure(grpc.status.NOT_FOUND, 'Product not found');
  return product;
}

// Page by page, as fast as the caller takes them.
async function listProducts(call) {
  let { page_size: left, page_token: last } = call.request;
  if (left < 0 || left > LIST_MAX) throw failure(grpc.status.INVALID_ARGUMENT, 'page_size is out of range');
  left ||= LIST_DEFAULT;
  let resume;
  for (const event of ['drain', 'cancelled']) call.on(event, () => resume?.());
  while (left > 0) {
    const rows = Math.min(left, PAGE_ROWS);
    const products = page.all(last, rows);
    for (const product of products) {
      if (!call.write(product)) await new Promise((resolve) => { resume = resolve; });
      if (call.cancelled) return;
    }
    if (products.length < rows) break;
    last = products.at(-1).id;
    left -= rows;
  }
  call.end();
}

async function updateInventory(call, claims) {
  if (!claims.roles?.includes('admin')) {
    throw failure(grpc.status.PERMISSION_DENIED, 'only admins may change what is in stock');
  }
  const updates = [];
  await new Promise((resolve, reject) => {
    call.on('data', (update) => {
      updates.push(update);
      if (updates.length > UPDATES_MAX) reject(failure(grpc.status.RESOURCE_EXHAUSTED, 'too many changes in a call'));
    });
    call.on('end', resolve).on('error', reject);
  });
  return { total_updated: changeAll(updates) };
}

// What each participant sends goes to all others.
const participants = new Set();
function bidirectionalSync(call) {
  participants.add(call);
  const leave = () => participants.delete(call);
  call.on('data', (message) => {
    for (const other of participants) {
      if (other === call) continue;
      if (other.writableLength >= WAITING_MAX) {
        participants.delete(other);
        other.emit('error', failure(grpc.status.RESOURCE_EXHAUSTED, 'too many messages are waiting to be taken'));
      } else {
        other.write(message);
      }
    }
  });
  call.on('cancelled', leave).on('error', leave).on('end', () => {
    leave();
    call.end();
  });
}

const definition = protoLoader.loadSync(options.proto, { keepCase: true, defaults: true });
const server = new grpc.Server();
server.addService(grpc.loadPackageDefinition(definition).ProductService.service, {
  GetProduct: answering(getProduct),
  ListProducts: writing(listProducts),
  UpdateInventory: answering(updateInventory),
  BidirectionalSync: writing(bidirectionalSync),
});
server.bindAsync(options.listen, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log(`listening on http://${options.listen}`);
});
