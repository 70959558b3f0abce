// graphql-js: the introspected schema is valid, and is the one that `septet export sdl` prints.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { data } from './session.js';

const sorted = (schema) => printSchema(lexicographicSortSchema(schema)).split('\n');

const everything = {
  descriptions: true,
  directiveIsRepeatable: true,
  inputValueDeprecation: true,
  oneOf: true,
  schemaDescription: true,
  specifiedByUrl: true,
};
const introspected = buildClientSchema(await data(getIntrospectionQuery(everything)));
assert.deepEqual(validateSchema(introspected), []);

const exported = buildSchema(readFileSync(process.env.SERVER_SDL, 'utf8'));
assert.deepEqual(validateSchema(exported), []);
assert.deepEqual(sorted(introspected), sorted(exported));

// What tools of ten years ago ask for does as well.
buildClientSchema(await data(getIntrospectionQuery({ descriptions: false })));
console.log(`graphql-js: a valid schema of ${Object.keys(introspected.getTypeMap()).length} types`);
