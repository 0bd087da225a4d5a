package org.lockstep.ensemble.core;

/**
 * How a joiner comes to hold the base of a view before that view is decided. The driver moves the content; here is said who
 * may send it, who takes it, and when the joiner is ready. State transfer cannot turn an undecided slot into a decided one:
 * what is staged counts for nothing, not for stability, not for votes, not as a source, until a decided view lists the disk.
 */
final class Joining {
    private final Context context;
    private final DiskState disk;

    Joining(Context context, DiskState disk) {
        this.context = context;
        this.disk = disk;
    }

    /** This member is to be the source; {@code active} is its live view, or null. */
    void onRequest(Message.TransferRequest request, ActiveView active) {
        if (context.self.equals(request.value().source())) {
            long delivered = active == null ? Long.MAX_VALUE : active.sequencer().delivered();
            context.out.add(new Effect.SendTransfer(request, context.rules.transferCut(request.value(), delivered)));
        }
    }

    void onTransfer(Message.Transfer transfer) {
        if (transfer.value().rankOf(context.self) < 0) {
            return;
        }
        if (disk.holdsStaged(transfer.value())) {
            sayReady(transfer);
        } else {
            context.out.add(new Effect.Stage(transfer));
        }
    }

    /** It is on the medium: only now is the coordinator told. */
    void onStaged(Message.Transfer transfer) {
        disk.staged(transfer.value());
        sayReady(transfer);
    }

    private void sayReady(Message.Transfer transfer) {
        context.out.send(transfer.ballot().serverId(),
                new Message.JoinReady(transfer.ballot(), transfer.attempt(), transfer.value().viewId()));
    }
}
