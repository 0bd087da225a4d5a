/** Wiring and start-up: {@link org.lockstep.server.LockstepServer} puts the rooms together, {@link org.lockstep.server.Main} runs it. */
package org.lockstep.server;
