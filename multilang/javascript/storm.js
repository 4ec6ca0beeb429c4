'use strict';

/** Takes the place of Storm's storm.js in a topology's resources/, beside the folder egret/. */

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const beside = join(__dirname, 'egret', 'index.cjs');
module.exports = require(existsSync(beside) ? beside : './index.cjs');
