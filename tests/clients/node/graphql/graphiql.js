// GraphiQL in a browser: nothing from elsewhere, no complaint, a token, a query, its result, and the examples.
import assert from 'node:assert/strict';
import { browser } from '../chromium.js';
import { ADA } from './session.js';

const SERVER = process.env.SERVER_URL;
const page = await browser.newPage();
await page.setViewport({ width: 1400, height: 900 });
const complaints = [];
page.on('console', (message) => {
  if (['error', 'warn'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
});
page.on('pageerror', (error) => complaints.push(`error: ${error}`));
page.on('requestfailed', (request) =>
  complaints.push(`failed: ${request.url()} ${request.failure()?.errorText}`),
);
page.on('request', (request) => {
  const { origin, protocol } = new URL(request.url());
  if (origin !== SERVER && protocol !== 'data:') complaints.push(`elsewhere: ${request.url()}`);
});

/** The text in an editor. */
const text = (editor) => page.$eval(`${editor} .CodeMirror`, (element) => element.CodeMirror.getValue());
const RESULT = '.result-window';
/** Runs the operation and waits until the answer has this in it. */
async function run(wanted) {
  await page.click('.graphiql-execute-button');
  const arrived = (element, part) => element.CodeMirror.getValue().includes(part);
  const result = await page.waitForSelector(`${RESULT} .CodeMirror`);
  await page
    .waitForFunction(arrived, { timeout: 10_000 }, result, wanted)
    .catch(async (error) => assert.fail(`${wanted} expected, ${await text(RESULT)} found: ${error}`));
}
/** Waits until GraphiQL has read the operation in the editor, which it does a moment after the last change. */
async function understood() {
  const [, name] = /^(?:query|mutation) (\w+)/m.exec(await text(QUERY));
  const editor = await page.$(`${QUERY} .CodeMirror`);
  const isRead = (element, operation) => element.CodeMirror.operationName === operation;
  await page.waitForFunction(isRead, { timeout: 10_000 }, editor, name);
}
/** Puts a text in an editor, as pasting it would. */
const write = (editor, text) =>
  page.$eval(`${editor} .CodeMirror`, (element, value) => element.CodeMirror.setValue(value), text);
const QUERY = '[aria-label="Query Editor"]';
// The first one is that of the variables.
const HEADERS = '.graphiql-editor-tool > .graphiql-editor:nth-child(2)';

const answer = await page.goto(`${SERVER}/graphiql`, { waitUntil: 'networkidle0' });
assert.equal(answer.status(), 200);
const policy = answer.headers()['content-security-policy'] ?? '';
assert.match(policy, /default-src 'none'/);
assert.doesNotMatch(policy, /unsafe|https?:|\*/);
assert.match(answer.headers()['content-type'], /^text\/html/);
await page.waitForSelector(`${HEADERS} .CodeMirror`);
const hint = await text(HEADERS);
assert.match(hint, /"Authorization": "Bearer …"/);

// The hint is no token: who asks is nobody, whom the tour lets look at products only.
await write(QUERY, 'query Goods { product(id: "p1") { name price } }');
await understood();
await run('Laptop');
await write(QUERY, 'query Both { product(id: "p1") { name } user(id: "u1") { name } }');
await understood();
await run('UNAUTHENTICATED');

// With a token it is Ada, also in the tabs that are opened for the examples.
await write(HEADERS, JSON.stringify({ Authorization: ADA.authorization }));
await run('Ada Abel');
await page.click('[aria-label="Show Examples"]');
const examples = await page.$$eval('.examples button', (buttons) =>
  buttons.map((button) => button.textContent),
);
assert.ok(examples.length === 8, `examples: ${examples}`);
for (const name of examples) {
  await page.locator(`::-p-xpath(//section[@class="examples"]//button[text()="${name}"])`).click();
  await understood();
  await run('"data"');
  assert.doesNotMatch(await text(RESULT), /"errors"/, name);
}

// The schema is known: documentation is there. What was written stays, the token too.
await page.click('[aria-label="Show Documentation Explorer"]');
await page.waitForFunction(() =>
  document.querySelector('.graphiql-doc-explorer')?.textContent.includes('Query'),
);
await page.click('[aria-label="Open settings dialog"]');
await page.waitForSelector('.graphiql-dialog');
await page.keyboard.press('Escape');
await page.reload({ waitUntil: 'networkidle0' });
await page.waitForSelector(`${HEADERS} .CodeMirror`);
const kept = await text(HEADERS);
assert.match(kept, /Bearer ey|Bearer u1/);

assert.deepEqual(complaints, []);
await browser.close();
console.log(`Chromium: GraphiQL with ${examples.length} examples`);
