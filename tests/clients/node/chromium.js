// Chromium without a window; it ends with the program.
import puppeteer from 'puppeteer-core';

const args = [
  '--disable-background-networking',
  '--no-first-run',
  // The superuser of a container has no sandbox to put a page in.
  ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
];
export const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args });
process.on('exit', () => browser.process()?.kill());
