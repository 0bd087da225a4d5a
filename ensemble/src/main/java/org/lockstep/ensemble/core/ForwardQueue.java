package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What observers write through this member: what waits for a slot, and which own slots carry it. A stream that is closed here
 * gets no more slots: what waits of it is forgotten, and not carried over into another view.
 */
final class ForwardQueue {
    /** Observer processes whose closed streams are remembered; older ones are long dead. */
    private static final int CLOSED_MAX = 256;

    private final Rules rules;
    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();
    private final Map<MemberId, Long> lastIndexes = new LinkedHashMap<>();
    private final Map<MemberId, Long> closedBelow = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<MemberId, Long> eldest) {
            return size() > CLOSED_MAX;
        }
    };

    private record Item(byte[] payload, MemberId observer, long stream) {}

    private record Sent(long index, Item item) {}

    ForwardQueue(Rules rules) {
        this.rules = rules;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    int nextBytes() {
        return waiting.peek().payload().length;
    }

    void submit(MemberId observer, long stream, byte[] payload) {
        waiting.add(new Item(payload, observer, stream));
    }

    /** The next payload; it goes into the own slot {@code index}. */
    byte[] takeNext(long index) {
        Item item = waiting.poll();
        sent.add(new Sent(index, item));
        lastIndexes.put(item.observer(), index);
        return item.payload();
    }

    /** Whether the own slot {@code index}, which is being delivered, carries a forward. Asked for each own slot, in order. */
    boolean takeDelivered(long index) {
        while (!sent.isEmpty() && sent.peek().index() < index) {
            sent.poll();
        }
        if (sent.isEmpty() || sent.peek().index() != index) {
            return false;
        }
        sent.poll();
        return true;
    }

    private boolean isClosed(MemberId observer, long stream) {
        return !rules.keepsClosed() && stream < closedBelow.getOrDefault(observer, 0L);
    }

    /** Streams below {@code stream} get no more slots here; returns the last own slot of this view that carries any, or -1. */
    long close(MemberId observer, long stream) {
        closedBelow.merge(observer, stream, Math::max);
        waiting.removeIf(item -> isClosed(item.observer(), item.stream()));
        return lastIndexes.getOrDefault(observer, -1L);
    }

    /**
     * The view has ended, and left out these own slots: forwards among them wait again, in front, but for those of closed
     * streams. Returns the others, in order.
     */
    List<Slot> endView(List<Slot> leftOut) {
        List<Slot> others = new ArrayList<>();
        ArrayDeque<Item> again = new ArrayDeque<>();
        for (Slot slot : leftOut) {
            Item item = isForward(slot) ? sent.poll().item() : null;
            if (item == null) {
                others.add(slot);
            } else if (!isClosed(item.observer(), item.stream())) {
                again.add(item);
            }
        }
        while (!again.isEmpty()) {
            waiting.addFirst(again.pollLast());
        }
        sent.clear();
        lastIndexes.clear();
        return others;
    }

    private boolean isForward(Slot slot) {
        while (!sent.isEmpty() && sent.peek().index() < slot.position().index()) {
            sent.poll();
        }
        return !sent.isEmpty() && sent.peek().index() == slot.position().index();
    }
}
