package org.lockstep.ensemble.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.PlantedBug;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * A server's disk. The <i>main</i> log and the records survive everything; the <i>tail</i>, used by the lazy policies,
 * survives the death of the process and not of the machine. Operations are done one after the other, each whole or not at
 * all.
 */
final class SimDisk {
    final UUID diskId;
    private final boolean lazy;
    private final PlantedBug bug;
    private ViewRecord installed;
    private MemberId installedAs;
    private History base = History.EMPTY;
    private History state = History.EMPTY;
    private int logFrom;
    private TreeMap<Long, Slot> main = new TreeMap<>();
    private TreeMap<Long, Slot> tail = new TreeMap<>();
    private final ArrayDeque<Long> arrival = new ArrayDeque<>();
    private long flushedMark = Order.NONE;
    private AcceptorRecord acceptor;
    private final List<Message.Transfer> staged = new ArrayList<>();
    private boolean lostPowerInView;
    private boolean damaged;

    SimDisk(UUID diskId, boolean lazy, PlantedBug bug) {
        this.diskId = diskId;
        this.lazy = lazy;
        this.bug = bug;
    }

    ViewRecord installed() {
        return installed;
    }

    History base() {
        return base;
    }

    /** The state machine as it was checkpointed last. */
    History state() {
        return state;
    }

    /** How many entries of the order the log has forgotten. */
    int logFrom() {
        return logFrom;
    }

    void forgetLogBelow(int count) {
        logFrom = Math.max(logFrom, Math.min(count, state.count));
    }

    /** Another state takes the place of what was there. */
    void replaceState(History other) {
        state = other;
    }

    /** Checkpoints the state of a member, as far as the log has flushed what is in it. */
    void checkpoint(History applied) {
        History at = applied;
        while (lazy && at.slot != null && at.slot.position().viewId() == installed.viewId()
                && Order.of(at.slot.position().index(), at.slot.position().rank()) > flushedMark) {
            at = at.before;
        }
        if (at.count > state.count) {
            state = at;
        }
    }

    boolean hasStaged(ViewRecord view) {
        return staged(view) != null;
    }

    private Message.Transfer staged(ViewRecord view) {
        return staged.stream().filter(transfer -> transfer.value().equals(view)).findFirst().orElse(null);
    }

    boolean lostPowerInView() {
        return lostPowerInView;
    }

    boolean isDamaged() {
        return damaged;
    }

    /** The power is gone: what was only in the page cache is lost. */
    void losePower() {
        lostPowerInView |= lazy;
        tail.clear();
        arrival.clear();
    }

    /** A bit of the log has flipped; false when there is no log. */
    boolean flipBit() {
        damaged |= installed != null;
        return damaged;
    }

    Recovered recover() {
        Trim last = installed == null ? null : last();
        return new Recovered(installed, installedAs, last, !lazy || !lostPowerInView, damaged, flushedMark, acceptor,
                staged.stream().map(Message.Transfer::value).toList(), state.position());
    }

    private Trim last() {
        long[] last = new long[installed.members().size()];
        java.util.Arrays.fill(last, -1);
        for (Map<Long, Slot> part : List.of(main, tail)) {
            for (long order : part.keySet()) {
                last[Order.rank(order)] = Math.max(last[Order.rank(order)], Order.index(order));
            }
        }
        return Trim.of(last);
    }

    /** Makes the operation permanent, as far as the policy goes. */
    void apply(Effect effect) {
        if (effect instanceof Effect.Secure secure) {
            secure(secure.slot());
        } else if (effect instanceof Effect.Flush flush) {
            fold(flush.viewId(), flush.upTo());
        } else if (effect instanceof Effect.FlushAll) {
            main.putAll(tail);
            tail.clear();
            arrival.clear();
        } else if (effect instanceof Effect.Store store) {
            acceptor = store.value();
        } else if (effect instanceof Effect.Stage stage) {
            staged.removeIf(transfer -> bug == PlantedBug.STAGING_REPLACES
                    || transfer.value().viewId() < stage.transfer().value().viewId());
            staged.add(stage.transfer());
        } else if (effect instanceof Effect.Install install) {
            install(install);
        } else {
            throw new IllegalArgumentException(effect.toString());
        }
    }

    private void secure(Slot slot) {
        if (installed == null || slot.position().viewId() != installed.viewId()) {
            return;
        }
        long order = Order.of(slot.position().index(), slot.position().rank());
        if (lazy) {
            tail.put(order, slot);
            arrival.add(order);
        } else {
            main.put(order, slot);
        }
    }

    private void fold(long viewId, long upTo) {
        if (installed == null || installed.viewId() != viewId) {
            return;
        }
        if (bug == PlantedBug.FOLDS_BY_ARRIVAL) {
            while (!arrival.isEmpty()) {
                long order = arrival.poll();
                main.put(order, tail.remove(order));
                flushedMark = Math.max(flushedMark, order);
            }
            return;
        }
        Map<Long, Slot> stable = tail.headMap(upTo, true);
        main.putAll(stable);
        stable.clear();
        arrival.removeIf(order -> order <= upTo);
        flushedMark = Math.max(flushedMark, upTo);
    }

    private void install(Effect.Install install) {
        History before = switch (install.base()) {
            case LOG -> sequence(install.cut());
            case STAGED -> stagedFor(install.view());
            case EMPTY -> History.EMPTY;
        };
        base = before.append(install.view());
        if (install.base() == Effect.Base.STAGED) {
            logFrom = state.isPrefixOf(base) ? Math.min(logFrom, state.count) : base.count;
        }
        if (!state.isPrefixOf(base)) {
            // What a cut has forgotten was in the state: with the base comes another.
            state = base;
        }
        installed = install.view();
        installedAs = install.as();
        main = new TreeMap<>();
        tail = new TreeMap<>();
        arrival.clear();
        flushedMark = Order.NONE;
        staged.clear();
        lostPowerInView = false;
        damaged = false;
    }

    private History stagedFor(ViewRecord view) {
        Message.Transfer transfer = staged(view);
        if (transfer == null) {
            throw new SimulationFailure("disk " + diskId + " is to install what it has not staged: view " + view.viewId());
        }
        return ((Content) transfer.content()).history();
    }

    /** What is transferred: a whole history. */
    record Content(History history) {}

    /** The base and the slots of the view up to {@code cut}, in order. */
    History sequence(Trim cut) {
        if (damaged) {
            throw new SimulationFailure("disk " + diskId + " is read for a base although a slot of it is damaged");
        }
        TreeMap<Long, Slot> all = new TreeMap<>(main);
        all.putAll(tail);
        History history = base;
        for (Map.Entry<Long, Slot> entry : all.entrySet()) {
            if (cut.covers(entry.getKey())) {
                history = history.append(entry.getValue());
            }
        }
        return history;
    }
}
