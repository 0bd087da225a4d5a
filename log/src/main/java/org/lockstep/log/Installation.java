package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.List;
import org.lmdbjava.Txn;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * The install of one view, in one transaction of the main log: it records the view and cuts away what the view before had above
 * its trim. What of that is left in the tail's files is void from then on, as they are read for the installed view only.
 */
final class Installation {
    private final DiskLog disk;
    private final ViewRecord view;
    private final MemberId as;
    private final Trim cut;
    private Position end;

    Installation(DiskLog disk, ViewRecord view, MemberId as, Trim cut) {
        this.disk = disk;
        this.view = view;
        this.as = as;
        this.cut = cut;
    }

    /** @param secured what the log's tail holds of the base, in order; with {@link Effect.Base#LOG} only */
    void run(Effect.Base base, List<Slot> secured) {
        switch (base) {
            case LOG -> fromLog(secured);
            case STAGED -> fromStaged();
            case EMPTY -> empty();
        }
    }

    private void fromLog(List<Slot> secured) {
        SlotArea order = disk.order();
        SlotArea copy = disk.copy();
        SlotArea.Addition addition = order.add(secured, SlotKind.SECURED);
        commit(order, txn -> {
            addition.run(txn);
            shorten(txn, order);
            copy.clear(txn, Position.START);
        }, () -> {
            addition.committed();
            order.shortened(end);
            copy.emptied(Position.START);
        });
    }

    private void fromStaged() {
        if (!disk.member().staged().contains(view)) {
            throw new IllegalStateException("view " + view.viewId() + " is to be installed and was not staged");
        }
        SlotArea order = disk.copy();
        SlotArea old = disk.order();
        commit(order, txn -> {
            shorten(txn, order);
            old.clear(txn, Position.START);
        }, () -> {
            order.shortened(end);
            old.emptied(Position.START);
        });
    }

    private void empty() {
        SlotArea order = disk.order();
        SlotArea copy = disk.copy();
        commit(order, txn -> {
            order.clear(txn, Position.START);
            copy.clear(txn, Position.START);
        }, () -> {
            order.emptied(Position.START);
            copy.emptied(Position.START);
        });
    }

    private void shorten(Txn<ByteBuffer> txn, SlotArea order) {
        order.cut(txn, view.viewId() - 1, cut);
        end = order.table().last(txn);
    }

    private void commit(SlotArea order, LmdbEnv.Change change, Runnable known) {
        MemberRecords.Changes changes = disk.member().changes();
        int table = disk.numberOf(order);
        changes.forgetViews(order.floor().position().viewId()).install(view, as, table);
        disk.install(changes, change, table, known);
    }
}
