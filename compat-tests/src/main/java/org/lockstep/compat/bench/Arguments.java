package org.lockstep.compat.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A command line of {@code --name value} pairs and bare {@code --flag}s, taken apart; every value that is asked for is checked.
 *
 * <p>Names nobody knows are refused at construction, so that a typing error cannot silently measure the default.
 */
public final class Arguments {
    private final Map<String, String> values = new HashMap<>();

    public Arguments(List<String> words, Set<String> flags, Set<String> options) throws UsageException {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (flags.contains(word)) {
                values.put(word, "true");
            } else if (!options.contains(word)) {
                throw new UsageException(word + ": unknown option; --help lists them");
            } else if (i + 1 == words.size()) {
                throw new UsageException(word + ": needs a value");
            } else {
                values.put(word, words.get(++i));
            }
        }
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    public String text(String name, String fallback) {
        return values.getOrDefault(name, fallback);
    }

    /** A whole number between {@code min} and {@code max}, both allowed. */
    public int integer(String name, int fallback, int min, int max) throws UsageException {
        String text = values.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Falls through to the one message for both.
        }
        throw new UsageException(name + " " + text + ": not a whole number from " + min + " to " + max);
    }

    /** A number between {@code min} and {@code max}, both allowed. */
    public double number(String name, double fallback, double min, double max) throws UsageException {
        String text = values.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            double value = Double.parseDouble(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Falls through to the one message for both.
        }
        throw new UsageException(name + " " + text + ": not a number from " + min + " to " + max);
    }
}
