package org.lockstep.server.admin;

import java.util.Map;
import java.util.function.Function;

/**
 * Answers ZooKeeper's four-letter words. Which ones may be asked is the operator's choice ({@code 4lw.commands.whitelist});
 * {@code srvr} always may. ZooKeeper's {@code hash}, {@code gtmk} and {@code stmk} do not exist here: there is no tree digest
 * history and no trace mask.
 */
public final class FourLetterWords {
    private static final String NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n";

    /** Words that only make sense while the server serves. */
    private static final Map<String, Function<ServerView, String>> WHEN_SERVING = Map.ofEntries(
        Map.entry("srvr", StatText::srvr),
        Map.entry("stat", StatText::stat),
        Map.entry("cons", StatText::cons),
        Map.entry("mntr", MntrText::mntr),
        Map.entry("conf", SettingsText::conf),
        Map.entry("dirs", SettingsText::dirs),
        Map.entry("dump", DumpText::dump),
        Map.entry("wchs", WatchText::summary),
        Map.entry("wchc", WatchText::bySession),
        Map.entry("wchp", WatchText::byPath),
        Map.entry("crst", FourLetterWords::resetConnections),
        Map.entry("srst", FourLetterWords::resetServer));

    private static final Map<String, Function<ServerView, String>> ALWAYS = Map.of(
        "ruok", view -> "imok",
        "isro", FourLetterWords::isReadOnly,
        "envi", SettingsText::envi);

    private FourLetterWords() {}

    /** The answer to {@code word}, to be sent before the connection is closed; null when there is no such word. */
    public static String answer(ServerView view, String word) {
        Function<ServerView, String> always = ALWAYS.get(word);
        Function<ServerView, String> serving = WHEN_SERVING.get(word);
        if (always == null && serving == null) {
            return null;
        }
        if (!view.config().fourLetterWordEnabled(word)) {
            return word + " is not executed because it is not in the whitelist.\n";
        }
        if (always != null) {
            return always.apply(view);
        }
        return view.isServing() ? serving.apply(view) : NOT_SERVING;
    }

    private static String isReadOnly(ServerView view) {
        if (!view.isServing()) {
            return "null";
        }
        return view.mode().equals("read-only") ? "ro" : "rw";
    }

    private static String resetConnections(ServerView view) {
        view.resetConnectionStats();
        return "Connection stats reset.\n";
    }

    private static String resetServer(ServerView view) {
        view.stats().reset();
        return "Server stats reset.\n";
    }
}
