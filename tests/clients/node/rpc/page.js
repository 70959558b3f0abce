// What runs in the browser: calls by Connect's client for pages and by grpc-web, and what they answer as plain values.
import { createFileRegistry, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import grpcWeb from 'grpc-web';

const { server, descriptors, token } = globalThis.SETTINGS;
const bytes = Uint8Array.from(atob(descriptors), (character) => character.charCodeAt(0));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
const Goods = registry.getService('ProductService');
const Users = registry.getService('tour.v1.UserService');

const plain = ({ id, name, price, inventory }) => ({ id, name, price, inventory });
/** The value, or the name of the code of the error. */
const outcome = (promise) => promise.catch((error) => Code[ConnectError.from(error).code]);

/** Connect's client, by either of its transports. */
async function byConnect(transport) {
  const [goods, users] = [createClient(Goods, transport), createClient(Users, transport)];
  const headers = { authorization: `Bearer ${token}` };
  const list = async () => {
    const found = [];
    for await (const product of goods.listProducts({})) found.push(plain(product));
    return found;
  };
  return {
    unary: await outcome(goods.getProduct({ productId: 'p1' }).then(plain)),
    stream: await outcome(list()),
    missing: await outcome(goods.getProduct({ productId: 'p0' })),
    named: await outcome(users.get({ id: 'u1' }, { headers }).then(({ user }) => user.name)),
    nobody: await outcome(users.get({ id: 'u1' })),
  };
}

/** grpc-web's own runtime; `text` has its bodies in base64, which is how it streams. */
async function byGrpcWeb(format) {
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const of = (method, type) =>
    new grpcWeb.MethodDescriptor(
      `/ProductService/${method.name}`,
      type,
      Object,
      Object,
      (message) => toBinary(method.input, create(method.input, message)),
      (body) => plain(fromBinary(method.output, body)),
    );
  const get = of(Goods.method.getProduct, grpcWeb.MethodType.UNARY);
  const list = of(Goods.method.listProducts, grpcWeb.MethodType.SERVER_STREAMING);
  const unary = (productId) =>
    new Promise((resolve) => {
      const done = (error, product) => resolve(error ? Code[error.code] : product);
      client.rpcCall(`${server}/ProductService/GetProduct`, { productId }, {}, get, done);
    });
  const stream = new Promise((resolve) => {
    const found = [];
    const call = client.serverStreaming(`${server}/ProductService/ListProducts`, {}, {}, list);
    call.on('data', (product) => found.push(product));
    call.on('error', ({ code }) => resolve(Code[code]));
    call.on('end', () => resolve(found));
  });
  return { unary: await unary('p1'), stream: await stream, missing: await unary('p0') };
}

const base = { baseUrl: server };
globalThis.calls = {
  grpcWeb: () => byConnect(createGrpcWebTransport({ ...base, useBinaryFormat: true })),
  grpcWebJson: () => byConnect(createGrpcWebTransport({ ...base, useBinaryFormat: false })),
  connect: () => byConnect(createConnectTransport({ ...base, useBinaryFormat: true })),
  connectJson: () => byConnect(createConnectTransport({ ...base, useBinaryFormat: false })),
  connectGet: () => byConnect(createConnectTransport({ ...base, useHttpGet: true })),
  text: () => byGrpcWeb('text'),
  binary: () => byGrpcWeb('binary'),
};
