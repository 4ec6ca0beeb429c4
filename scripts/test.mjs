#!/usr/bin/env node
/**
 * Runs every check that CI runs, two processes at a time, and closes with `N passed, N failed`. `--fast`
 * leaves the compat suite out, `--only NAME` runs one check, `--record` writes the measured seconds of each
 * test file for the next run.
 */
import { register } from 'tsx/esm/api';

register();
await import('./test/main.ts');
