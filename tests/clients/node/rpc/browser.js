// gRPC-Web and Connect in a browser: a page of an allowed origin calls and streams, one of another is refused.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { build } from 'esbuild';
import { browser } from '../chromium.js';
import { descriptors } from './registry.js';
import { LAPTOP, MOUSE, SERVER, run } from './session.js';

const entry = new URL('page.js', import.meta.url).pathname;
const bundle = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife', logLevel: 'error' });
const settings = {
  server: SERVER,
  descriptors: Buffer.from(descriptors).toString('base64'),
  token: process.env.TOKEN_ADA,
};
const html = `<!doctype html><meta charset="utf-8"><title>calls</title><link rel="icon" href="data:,">
<script>globalThis.SETTINGS = ${JSON.stringify(settings)}</script><script src="/page.js"></script>`;

/** A page at this port, 0 for any. */
async function serve(port) {
  const pages = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? bundle.outputFiles[0].contents : html);
  });
  await new Promise((resolve) => pages.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${pages.address().port}`;
}

/** A page of an origin, and what the browser complained of in it. */
async function open(origin) {
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(`${error}`));
  await page.goto(origin, { waitUntil: 'load' });
  return { page, complaints, call: (name) => page.evaluate((name) => globalThis.calls[name](), name) };
}

const allowed = await open(await serve(Number(process.env.PAGE_PORT)));
const refused = await open(await serve(0));

const connect = {
  unary: LAPTOP,
  stream: [LAPTOP, MOUSE],
  missing: 'NotFound',
  named: 'Ada Abel',
  nobody: 'Unauthenticated',
};
const own = { unary: LAPTOP, stream: [LAPTOP, MOUSE], missing: 'NotFound' };
const expected = {
  grpcWeb: connect,
  grpcWebJson: connect,
  connect,
  connectJson: connect,
  connectGet: connect,
  text: own,
  // Its binary format has no streams: it takes what has come at the end.
  binary: own,
};

const parts = Object.entries(expected).flatMap(([name, wanted]) => [
  Object.values({ [name]: async () => assert.deepEqual(await allowed.call(name), wanted) })[0],
  Object.values({
    [`${name}FromElsewhere`]: async () => {
      refused.complaints.length = 0;
      const found = await refused.call(name);
      // What never arrives has a code of the client's own.
      const codes = new Set(Object.values(found).map((value) => (typeof value === 'string' ? value : 'an answer')));
      assert.ok([...codes].every((code) => ['Unknown', 'Unavailable'].includes(code)), JSON.stringify(found));
      assert.ok(refused.complaints.some((text) => text.includes('blocked by CORS policy')), `${refused.complaints}`);
    },
  })[0],
]);
await run('Chromium: gRPC-Web and Connect', parts);
