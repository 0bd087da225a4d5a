package org.lockstep.compat.diff;

import java.util.Collections;
import java.util.List;

/**
 * Sorts watch events of one zxid that follow each other on one slot: a closed session's ephemerals are deleted under one zxid
 * in no promised order. Events of different zxids, and events and replies, keep their order.
 */
final class EventOrder {
    private EventOrder() {}

    static void sortWithinZxid(List<String> lines) {
        int start = 0;
        for (int i = 1; i <= lines.size(); i++) {
            if (i == lines.size() || !key(lines.get(i)).equals(key(lines.get(start))) || key(lines.get(i)).isEmpty()) {
                Collections.sort(lines.subList(start, i));
                start = i;
            }
        }
    }

    /** Slot and zxid of an event; empty for any other line. */
    private static String key(String line) {
        int event = line.indexOf(" event type=");
        return event < 0 ? "" : line.substring(0, event);
    }
}
