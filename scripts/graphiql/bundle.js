// Bundles GraphiQL with React into one script and one style sheet, and collects the licences of what went in.
//
// usage: node bundle.js OUTPUT_FOLDER       (in a folder where the packages of package-lock.json are installed)
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const output = process.argv[2];
const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

const { metafile } = await build({
  entryPoints: { graphiql: 'entry.js' },
  outdir: output,
  bundle: true,
  minify: true,
  metafile: true,
  format: 'iife',
  globalName: 'graphiql',
  target: 'es2022',
  legalComments: 'none',
  // Dialogs keep the page behind them from scrolling by a style element, which a strict content security policy
  // forbids. The page does not scroll anyway.
  alias: { 'react-style-singleton': './no-style.js' },
  define: { 'process.env.NODE_ENV': '"production"' },
});

// The fonts in it are four fifths of the style sheet. The system's own do as well.
const sheet = join(output, 'graphiql.css');
writeFileSync(sheet, readFileSync(sheet, 'utf8').replaceAll(/@font-face\{[^}]*\}/g, ''));

/** The packages that code was taken from, as folders. */
function packages() {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input);
    if (found) folders.add(found[0]);
  }
  return [...folders].sort();
}

/** What a package says of itself: its name and version, its copyright lines, and the terms without them. */
function licence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!ALLOWED.has(license)) throw new Error(`${name}: the licence ${license} is not in the list`);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  const lines = file ? readFileSync(join(folder, file), 'utf8').split(/\r?\n/) : [`Licence: ${license}`];
  const isCopyright = (line) => /^\s*copyright\s+(\(c\)|©|\d)/i.test(line);
  return {
    package: [`${name} ${version}`, ...lines.filter(isCopyright).map((line) => `  ${line.trim()}`)].join(
      '\n',
    ),
    terms: lines
      .filter((line) => !isCopyright(line))
      .join('\n')
      .trim(),
  };
}

/** Packages under the same terms, as a group: most differ only in whose they are and how lines are broken. */
function grouped(licences) {
  const groups = new Map();
  for (const { package: name, terms } of licences) {
    const key = terms.replaceAll(/\s+/g, ' ').toLowerCase();
    const group = groups.get(key) ?? { names: [], terms };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ names, terms }) => `${names.join('\n')}\n\n${terms}\n`);
}

const line = `\n${'-'.repeat(80)}\n\n`;
writeFileSync(join(output, 'LICENSES.txt'), grouped(packages().map(licence)).join(line));
