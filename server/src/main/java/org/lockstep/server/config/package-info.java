/** zoo.cfg and {@code -Dzookeeper.*} read into one immutable {@link org.lockstep.server.config.ServerConfig}. No logging, no sockets. */
package org.lockstep.server.config;
