package org.lockstep.server.desk;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lockstep.state.QuotaExcess;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log which quotas this server's clients exceed, in ZooKeeper's words: for one quota not more often than every {@value
 * #SILENT_MILLIS} ms, as a client that exceeds one does so with every write. Belongs to the event loop.
 */
final class QuotaLog {
    static final int SILENT_MILLIS = 10_000;
    /** Of so many quotas is known when the log was told last; beyond that a line may come early. */
    private static final int QUOTAS_MAX = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(QuotaLog.class);

    private final Map<String, Silence> silences = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Silence> eldest) {
            return size() > QUOTAS_MAX;
        }
    };

    private static final class Silence {
        final long untilMillis;
        long count;

        Silence(long untilMillis) {
            this.untilMillis = untilMillis;
        }
    }

    void note(QuotaExcess excess, long sessionId, long nowMillis) {
        String line = line(excess, sessionId, nowMillis);
        if (line != null) {
            LOG.warn(line);
        }
    }

    /** The line for the log; null while it is too soon for another one. */
    String line(QuotaExcess excess, long sessionId, long nowMillis) {
        Silence silence = silences.get(excess.path());
        if (silence != null && nowMillis < silence.untilMillis) {
            silence.count++;
            return null;
        }
        silences.remove(excess.path());
        silences.put(excess.path(), new Silence(nowMillis + SILENT_MILLIS));
        long untold = silence == null ? 0 : silence.count;
        String unit = excess.ofBytes() ? "bytes" : "count";
        String limit = (excess.hard() ? "hard " : "soft ") + (excess.ofBytes() ? "ByteLimit" : "CountLimit");
        return "Quota exceeded: " + excess.path() + " [current " + unit + "=" + excess.wanted() + ", " + limit + "="
                + excess.limit() + "] by session 0x" + Long.toHexString(sessionId) + (excess.refused() ? ", refused" : "")
                + (untold == 0 ? "" : "; " + untold + " times more since the last such line");
    }
}
