/** zoo.cfg and {@code -Dzookeeper.*}, read into one immutable {@link org.lockstep.server.config.ServerConfig}. Logs nothing. */
package org.lockstep.server.config;
