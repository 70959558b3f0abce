// The conformance audits of graphql-http, the reference implementation of GraphQL over HTTP.
import { auditServer } from 'graphql-http';
import { ENDPOINT } from './session.js';

const results = await auditServer({ url: ENDPOINT });
for (const { id, name, status, reason, response } of results) {
  if (status === 'ok') continue;
  const body = await response.text().catch(() => '');
  console.log(`${status}: ${id} ${name}: ${reason} (${response.status} ${body})`);
  process.exitCode = 1;
}
console.log(`graphql-http: ${results.length} audits`);
