// Where the server is and who asks, for the clients of gRPC and Connect.
import assert from 'node:assert/strict';

export const SERVER = process.env.SERVER_URL;
export const ADA = `Bearer ${process.env.TOKEN_ADA}`;
export const ADMIN = `Bearer ${process.env.TOKEN_ADMIN}`;
/** Longer than anything takes here. */
export const PATIENCE_MS = 60_000;

export const LAPTOP = { id: 'p1', name: 'Laptop', price: 999.99, inventory: 50 };
export const MOUSE = { id: 'p2', name: 'Mouse', price: 29.99, inventory: 200 };

/** Waits for an error and gives it. */
export async function failure(promise) {
  const value = await promise.then(
    (value) => assert.fail(`an error expected, ${JSON.stringify(value)} found`),
    (error) => error,
  );
  if (value instanceof assert.AssertionError) throw value;
  return value;
}

/** Runs all parts, whichever fail, and says so. */
export async function run(name, parts) {
  const failed = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      console.error(`${name}: ${part.name}:`, error);
      failed.push(part.name);
    }
  }
  console.log(`${name}: ${failed.length ? `FAILED ${failed.join(', ')}, of ` : ''}${parts.length} parts`);
  process.exit(failed.length ? 1 : 0);
}
