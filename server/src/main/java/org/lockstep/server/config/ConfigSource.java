package org.lockstep.server.config;

import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * Typed look-ups in zoo.cfg, with {@code -Dzookeeper.KEY} behind it: as in ZooKeeper, the file wins over the command line.
 * Remembers which keys were asked for, so that the rest can be told from them. Used by one thread, while a configuration is read.
 */
final class ConfigSource {
    private static final String PREFIX = "zookeeper.";

    private final String name;
    private final Properties file;
    private final Properties system;
    private final Set<String> asked = new TreeSet<>();

    ConfigSource(String name, Properties file, Properties system) {
        this.name = name;
        this.file = file;
        this.system = system;
    }

    /** A key of the file only, as ZooKeeper's parsed keys are; null when absent. */
    String fileOnly(String key) {
        asked.add(key);
        return trimmed(file.getProperty(key));
    }

    /** As {@link #fileOnly}, for a key that stays among those nobody has asked for. */
    String peek(String key) {
        return trimmed(file.getProperty(key));
    }

    /** A key of the file, else of {@code -Dzookeeper.key}; null when absent. */
    String text(String key) {
        String value = fileOnly(key);
        return value != null ? value : trimmed(system.getProperty(PREFIX + key));
    }

    /** As {@link #text}, for the few ZooKeeper properties that have no prefix on the command line. */
    String unprefixed(String key) {
        String value = text(key);
        return value != null ? value : trimmed(system.getProperty(key));
    }

    /** Where {@code key} gets its value from, for messages: the file's name, or the command line. */
    String place(String key) {
        return file.getProperty(key) != null ? name : "the command line (-D)";
    }

    /** True when the file or the command line gives {@code key}. */
    boolean has(String key) {
        return text(key) != null;
    }

    boolean wasAsked(String key) {
        return asked.contains(key);
    }

    Set<String> askedKeys() {
        return asked;
    }

    Properties file() {
        return file;
    }

    String name() {
        return name;
    }

    int integer(String key, int absent, int min, int max) throws ConfigException {
        return toInt(key, text(key), absent, min, max);
    }

    int toInt(String key, String value, int absent, int min, int max) throws ConfigException {
        return (int) toLong(key, value, absent, min, max);
    }

    long toLong(String key, String value, long absent, long min, long max) throws ConfigException {
        if (value == null) {
            return absent;
        }
        String remedy = "give a whole number from " + min + " to " + max;
        long number;
        try {
            // A leading zero is no octal number to anyone who writes a port.
            number = value.startsWith("0x") ? Long.decode(value) : Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw bad(key, value, "is not a number", remedy);
        }
        if (number < min || number > max) {
            throw bad(key, value, "is out of range", remedy);
        }
        return number;
    }

    /** A size in bytes, with an optional suffix k, m or g (powers of 1024). */
    long bytes(String key, long absent, long min, long max) throws ConfigException {
        String value = text(key);
        if (value == null) {
            return absent;
        }
        int last = value.length() - 1;
        int shift = last < 1 ? 0 : switch (value.charAt(last)) {
            case 'k', 'K' -> 10;
            case 'm', 'M' -> 20;
            case 'g', 'G' -> 30;
            default -> 0;
        };
        // Hexadecimal has no suffix: its digits never are k, m or g.
        String digits = shift == 0 ? value : value.substring(0, last);
        return toLong(key, digits, absent, (min >> shift) + (min % (1L << shift) == 0 ? 0 : 1), max >> shift) << shift;
    }

    boolean flag(String key, boolean absent) throws ConfigException {
        return either(key, text(key), absent, "true", "false");
    }

    boolean toFlag(String key, String value) throws ConfigException {
        return either(key, value, false, "true", "false");
    }

    boolean yesNo(String key, boolean absent) throws ConfigException {
        return either(key, text(key), absent, "yes", "no");
    }

    private boolean either(String key, String value, boolean absent, String yes, String no) throws ConfigException {
        if (value == null) {
            return absent;
        }
        if (value.equalsIgnoreCase(yes)) {
            return true;
        }
        if (value.equalsIgnoreCase(no)) {
            return false;
        }
        throw bad(key, value, "is neither " + yes + " nor " + no, "write " + key + "=" + yes + " or " + key + "=" + no);
    }

    ConfigException bad(String key, String value, String what, String remedy) {
        return new ConfigException(place(key) + ": " + key + "=" + value + " " + what + "; " + remedy);
    }

    private static String trimmed(String value) {
        return value == null ? null : value.trim();
    }
}
