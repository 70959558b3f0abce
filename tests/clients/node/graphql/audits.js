// The conformance audits of graphql-http, the reference implementation of GraphQL over HTTP.
import { auditServer } from 'graphql-http';
import { ENDPOINT } from './session.js';

/** A GET that a web page of another origin could send is refused, so these say that they are none. */
function fetchFn(url, init = {}) {
  const headers = { ...init.headers, ...(init.method !== 'POST' && { 'graphql-require-preflight': '1' }) };
  return fetch(url, { ...init, headers });
}

const results = await auditServer({ url: ENDPOINT, fetchFn });
for (const { id, name, status, reason, response } of results) {
  if (status === 'ok') continue;
  console.log(
    `${status}: ${id} ${name}: ${reason} (${response.status} ${await response.text().catch(() => '')})`,
  );
  process.exitCode = 1;
}
console.log(`graphql-http: ${results.length} audits`);
