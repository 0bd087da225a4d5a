/**
 * Where clients are received: handshakes, sessions and their timeouts, the order of each client's requests, replies and watch
 * events. Everything runs on the main event loop.
 */
package org.lockstep.server.desk;
