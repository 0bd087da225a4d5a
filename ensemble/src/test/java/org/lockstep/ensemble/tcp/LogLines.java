package org.lockstep.ensemble.tcp;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What the transport has logged since this was made. */
final class LogLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("org.lockstep.ensemble.tcp");
    private final List<String> lines = new CopyOnWriteArrayList<>();

    LogLines() {
        start();
        logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(event.getFormattedMessage());
    }

    long count(String part) {
        return lines.stream().filter(line -> line.contains(part)).count();
    }

    void await(String part) {
        TestNode.await("a log line with \"" + part + "\", there are " + lines, () -> count(part) > 0);
    }

    @Override
    public void close() {
        logger.detachAppender(this);
    }
}
