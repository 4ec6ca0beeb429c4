#!/usr/bin/env node
/**
 * Sets up a checkout: finds the tools, installs what is missing (with apt, as root on a Debian-like system),
 * then installs and builds everything that scripts/setup/steps.mjs lists. Needs no npm package, because it
 * runs before any is installed. Writes only inside the checkout and the package caches. Without librdkafka it
 * sets up everything except the Kafka client.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root } from './setup/process.mjs';
import { runStep, steps } from './setup/steps.mjs';
import { installMissingTools } from './setup/tools.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`this is Node ${process.versions.node}, and Egret needs 20.19 or later. Install a newer Node`);
await installMissingTools();
const stampDir = join(root, 'build', 'setup');
mkdirSync(stampDir, { recursive: true });
for (const step of steps) await runStep(step, stampDir);
