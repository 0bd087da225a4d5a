package org.lockstep.compat.diff;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings the answers of {@code wchs}, {@code wchc}, {@code wchp} and {@code dump} into an order, with names for the sessions. */
final class WordText {
    private static final Pattern SESSION = Pattern.compile("0x([0-9a-f]+)");

    private WordText() {}

    /**
     * Each line behind the heading it stands under, sorted; of {@code dump} the ephemerals only, since the rest is about times.
     * Headings with nothing below count only in {@code wchp}: ZooKeeper goes on naming sessions whose watches or ephemerals are
     * gone.
     */
    static Set<String> normalise(String word, String answer, Names names) {
        String text = answer;
        if (word.equals("dump")) {
            text = answer.substring(answer.indexOf("ephemeral nodes dump:"), answer.indexOf("Connections dump:"));
        }
        Set<String> lines = new TreeSet<>();
        String heading = "";
        for (String line : named(text, names).split("\n")) {
            if (line.startsWith("\t")) {
                lines.add(heading + line);
            } else {
                heading = line;
                if (word.equals("wchp") || line.startsWith("Total watches:")) {
                    lines.add(line);
                }
            }
        }
        return lines;
    }

    private static String named(String text, Names names) {
        Matcher matcher = SESSION.matcher(text);
        return matcher.replaceAll(found -> names.session(Long.parseUnsignedLong(found.group(1), 16)));
    }
}
