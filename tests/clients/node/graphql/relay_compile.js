// Relay's compiler on the documents beside this file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import compiler from 'relay-compiler';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Compiles against the exported schema, and gives the artifacts by name. With a file for a list of documents, they are
 * there by their SHA-256, and the artifacts hold these alone.
 */
export function compile(list) {
  // Beside the packages, so that the artifacts find the runtime.
  const project = mkdtempSync(join(here, 'relay-project-'));
  process.on('exit', () => rmSync(project, { recursive: true }));
  cpSync(join(here, 'relay'), join(project, 'source'), { recursive: true });
  copyFileSync(process.env.SERVER_SDL, join(project, 'schema.graphql'));
  const paths = { src: './source', schema: './schema.graphql' };
  const config = { ...paths, language: 'javascript', eagerEsModules: false };
  if (list) {
    writeFileSync(list, '{}');
    config.persistConfig = { file: list, algorithm: 'SHA256' };
  }
  writeFileSync(join(project, 'relay.config.json'), JSON.stringify(config));
  // The artifacts name each other without a file's ending, as bundlers and CommonJS allow.
  writeFileSync(join(project, 'package.json'), '{"type": "commonjs"}');
  const { status, stdout, stderr } = spawnSync(compiler, ['relay.config.json'], {
    cwd: project,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  const require = createRequire(join(project, 'package.json'));
  const folder = join(project, 'source', '__generated__');
  const load = (file) => [file.replace('.graphql.js', ''), require(join(folder, file))];
  return Object.fromEntries(readdirSync(folder).map(load));
}
