package org.lockstep.server.config;

import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** A properties file that remembers which keys it holds more than once with different values; the last one counts. */
final class FileProperties extends Properties {
    private static final long serialVersionUID = 1L;

    private final transient Set<String> contradicted = new TreeSet<>();

    @Override
    public synchronized Object put(Object key, Object value) {
        Object before = super.put(key, value);
        if (before != null && !before.equals(value)) {
            contradicted.add(key.toString());
        }
        return before;
    }

    /** Keys that were there with different values. */
    Set<String> contradicted() {
        return contradicted;
    }
}
