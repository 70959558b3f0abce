// GraphiQL for those who do not see it, or have no mouse: axe finds nothing, and the keyboard goes everywhere and leaves again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { browser } from '../chromium.js';

const SERVER = process.env.SERVER_URL;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** More than there are stops on the page. */
const STOPS_MAX = 200;

async function opened(scheme) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`${SERVER}/graphiql`, { waitUntil: 'networkidle0' });
  await page.waitForSelector('.graphiql-editor-tool .CodeMirror');
  await page.waitForSelector('.result-window .CodeMirror');
  return page;
}

/** What axe finds, as a line each. */
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** Opens a pane or the dialog, and waits until it is there. */
async function show(page, button, wanted) {
  await page.click(`[aria-label="${button}"]`);
  await page.waitForSelector(wanted);
  // What slides in is looked at where it stands.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
}

const VIEWS = [
  ['Show Documentation Explorer', '.graphiql-doc-explorer'],
  ['Show Examples', '.examples'],
  ['Show History', '.graphiql-history'],
  ['Open settings dialog', '.graphiql-dialog'],
];
for (const scheme of ['light', 'dark']) {
  const page = await opened(scheme);
  await page.click('.graphiql-execute-button');
  await page.waitForSelector('.result-window .cm-property');
  assert.deepEqual(await findings(page), [], scheme);
  for (const [button, wanted] of VIEWS) {
    await show(page, button, wanted);
    assert.deepEqual(await findings(page), [], `${scheme}: ${button}`);
  }
  await page.close();
}

/** Where the keyboard is. */
const focused = (page) =>
  page.evaluate(() => {
    const { tagName, ariaLabel, textContent } = document.activeElement;
    return `${tagName} ${ariaLabel ?? textContent}`;
  });

/** Every stop from the first one until the keyboard has left the page. */
async function stops(page, key) {
  const seen = [];
  for (let at = 0; at < STOPS_MAX; at += 1) {
    await key();
    const stop = await focused(page);
    if (stop.startsWith('BODY')) return seen;
    seen.push(stop);
  }
  return assert.fail(`the keyboard does not leave: ${seen.slice(-5)}`);
}

const page = await opened('light');
const forth = await stops(page, () => page.keyboard.press('Tab'));
for (const editor of ['Query', 'Headers', 'Result']) {
  assert.ok(forth.includes(`TEXTAREA ${editor}`), `${editor}: ${forth}`);
}
const back = await stops(page, async () => {
  await page.keyboard.down('Shift');
  await page.keyboard.press('Tab');
  await page.keyboard.up('Shift');
});
assert.deepEqual(new Set(back), new Set(forth));

await browser.close();
console.log(`Chromium: GraphiQL without findings of axe, ${forth.length} stops of the keyboard`);
