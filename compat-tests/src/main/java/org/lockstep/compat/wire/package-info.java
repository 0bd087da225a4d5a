/** What every hand-made client of the tests and benchmarks needs: frames over a blocking socket, and the handshake. */
package org.lockstep.compat.wire;
