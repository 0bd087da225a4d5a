package org.lockstep.ensemble.tcp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/** A disk of a server under {@code durable}, which outlives its processes: everything asked of it is done at once. */
final class MemoryLog {
    final UUID diskId;
    private ViewRecord installed;
    private MemberId installedAs;
    private AcceptorRecord acceptor;
    private List<Slot> base = List.of();
    private final TreeMap<Long, Slot> slots = new TreeMap<>();
    private final List<Message.Transfer> staged = new ArrayList<>();

    MemoryLog(UUID diskId) {
        this.diskId = diskId;
    }

    List<Slot> base() {
        return base;
    }

    UUID ensembleId() {
        return installed == null ? null : installed.ensembleId();
    }

    Recovered recover() {
        return new Recovered(installed, installedAs, installed == null ? null : last(), true, false, Order.NONE, acceptor,
                staged.stream().map(Message.Transfer::value).toList());
    }

    private Trim last() {
        long[] last = new long[installed.members().size()];
        Arrays.fill(last, -1);
        for (long order : slots.keySet()) {
            last[Order.rank(order)] = Math.max(last[Order.rank(order)], Order.index(order));
        }
        return Trim.of(last);
    }

    /** The base and the slots of the view up to {@code cut}, in order. */
    List<Slot> sequence(Trim cut) {
        List<Slot> sequence = new ArrayList<>(base);
        for (Map.Entry<Long, Slot> entry : slots.entrySet()) {
            if (cut.covers(entry.getKey())) {
                sequence.add(entry.getValue());
            }
        }
        return sequence;
    }

    void secure(Slot slot) {
        if (installed != null && slot.position().viewId() == installed.viewId()) {
            slots.put(Order.of(slot.position().index(), slot.position().rank()), slot);
        }
    }

    void store(AcceptorRecord value) {
        acceptor = value;
    }

    void stage(Message.Transfer transfer) {
        staged.removeIf(old -> old.value().viewId() < transfer.value().viewId());
        staged.add(transfer);
    }

    @SuppressWarnings("unchecked")
    void install(Effect.Install install) {
        base = switch (install.base()) {
            case LOG -> sequence(install.cut());
            case STAGED -> (List<Slot>) staged.stream().filter(t -> t.value().equals(install.view())).findFirst().orElseThrow()
                    .content();
            case EMPTY -> List.of();
        };
        installed = install.view();
        installedAs = install.as();
        slots.clear();
        staged.clear();
    }
}
