package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;

/**
 * The effects of one step, in order. Owned by the member; the driver does them one by one, by index, and then clears the list.
 * What it tells the member meanwhile appends to the same list, so the loop comes to it: nothing need be copied.
 */
public final class Effects {
    private final List<Effect> list = new ArrayList<>();
    private long recordNumber;
    private long flushToken;

    /** What is to be done, in this order. */
    public List<Effect> list() {
        return list;
    }

    /** How many there are by now. */
    public int size() {
        return list.size();
    }

    /** The effect of this index, from 0 on. */
    public Effect get(int index) {
        return list.get(index);
    }

    /** All of them are done. */
    public void clear() {
        list.clear();
    }

    void add(Effect effect) {
        list.add(effect);
    }

    void send(int serverId, Message message) {
        list.add(new Effect.Send(serverId, message, 0));
    }

    void sendAfter(long record, int serverId, Message message) {
        list.add(new Effect.Send(serverId, message, record));
    }

    void note(String text) {
        list.add(new Effect.Note(text));
    }

    /** Stores the voter's memory; returns the record number that what rests on it must wait for. */
    long store(AcceptorRecord value) {
        list.add(new Effect.Store(++recordNumber, value));
        return recordNumber;
    }

    long install(ViewRecord view, MemberId as, Effect.Base base, Trim cut) {
        list.add(new Effect.Install(++recordNumber, view, as, base, cut));
        return recordNumber;
    }

    /** The number of the last record asked for. */
    long recordNumber() {
        return recordNumber;
    }

    /** The token of the last flush of everything asked for. */
    long flushToken() {
        return flushToken;
    }

    long flushAll() {
        list.add(new Effect.FlushAll(++flushToken));
        return flushToken;
    }
}
