'use strict';

/**
 * Spouts and bolts in JavaScript, for Egret and for any Storm cluster (stock multilang over stdin and
 * stdout).
 */

const { BasicBolt, Bolt, Component, Spout } = require('./lib/components.cjs');
const { PipeTransport, ProtocolError } = require('./lib/transport.cjs');
const { Tuple } = require('./lib/tuple.cjs');

module.exports = { BasicBolt, Bolt, Component, PipeTransport, ProtocolError, Spout, Tuple };
