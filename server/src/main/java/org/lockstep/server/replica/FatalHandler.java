package org.lockstep.server.replica;

/** What to do when going on could lie: a failed flush, a damaged log, a broken invariant. The process must end. */
@FunctionalInterface
public interface FatalHandler {
    /** Reports {@code cause}, one clear line, and ends the server. Called at most a few times, from any thread. */
    void onFatal(String what, Throwable cause);
}
