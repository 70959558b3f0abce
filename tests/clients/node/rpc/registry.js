// The services of the exported files, from the set of descriptors that `buf build` makes of them.
import { execFileSync } from 'node:child_process';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const folder = process.env.SERVER_PROTO;
export const descriptors = execFileSync(process.env.BUF, ['build', folder, '--as-file-descriptor-set', '-o', '-#format=binpb'], {
  maxBuffer: 1 << 26,
});
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

export const Goods = registry.getService('ProductService');
export const service = (name) => registry.getService(`tour.v1.${name}`);
