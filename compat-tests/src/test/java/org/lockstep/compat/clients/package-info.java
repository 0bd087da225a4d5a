/**
 * Real ZooKeeper clients, unchanged, against a server in its own process: the Java client, zkCli, Curator and all its recipes;
 * hostile clients, which must not keep the server from serving the others; and the server's own word on what it cannot
 * start with.
 *
 * <p>{@code -Dcompat.server=apache} runs the tests of client behaviour against Apache ZooKeeper, to tell a wrong test from
 * a wrong server; without it they run against Lockstep.
 */
package org.lockstep.compat.clients;
