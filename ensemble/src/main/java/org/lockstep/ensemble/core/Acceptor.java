package org.lockstep.ensemble.core;

/**
 * This disk's vote on the successor of the last decided view. All configured voters are acceptors, in the view or not; were
 * the members of the view the acceptors, the loss of one disk of a view of two would stop everything.
 *
 * <p>The first promise is also the end of the old view here: the member wedges, everything secured is put on the medium, what
 * was secured is frozen into a {@link Report}, promise and report are stored; only then is the prepare answered. One wedged
 * member seals the view for ever, since nothing becomes stable without it.
 */
final class Acceptor {
    private final Context context;
    private final DiskState disk;
    private AcceptorRecord record;
    private long recordNumber;
    private Message.Prepare awaitsFlush;
    private int awaitsFrom;
    private long flushToken;

    Acceptor(Context context, DiskState disk, AcceptorRecord stored, ViewRecord decided) {
        this.context = context;
        this.disk = disk;
        AcceptorRecord fresh = AcceptorRecord.after(decided);
        record = stored != null && stored.viewId() == fresh.viewId() ? stored : fresh;
        if (record.report() != null && record.report().holdsBase() && !disk.report(record.viewId() - 1).holdsBase()) {
            // What the disk could give when it reported, it has lost since.
            record = record.promise(record.promised(), Report.withoutBase(record.viewId() - 1));
        }
    }

    /** The successor being voted on. */
    long viewId() {
        return record.viewId();
    }

    Ballot promised() {
        return record.promised();
    }

    /** A newer view is decided: its successor is voted on from here. */
    void reset(ViewRecord decided) {
        record = AcceptorRecord.after(decided);
        awaitsFlush = null;
        flushToken = 0;
    }

    private boolean mayVote() {
        return record.previous() == null || context.rules.mayVote(record.previous(), context.self);
    }

    /** A prepare for {@link #viewId}; {@code active} is the live view, or null outside. */
    void onPrepare(int from, Message.Prepare prepare, ActiveView active) {
        if (!mayVote()) {
            return;
        }
        int order = prepare.ballot().compareTo(record.promised());
        if (order < 0) {
            context.out.send(from, new Message.Refused(record.viewId(), record.promised()));
        } else if (order == 0) {
            answer(from);
        } else if (record.report() != null) {
            promise(from, prepare.ballot(), record.report());
        } else if (awaitsFlush == null || awaitsFlush.ballot().compareTo(prepare.ballot()) < 0) {
            seal(from, prepare, active);
        }
    }

    private void seal(int from, Message.Prepare prepare, ActiveView active) {
        awaitsFlush = prepare;
        awaitsFrom = from;
        if (active != null) {
            active.wedge();
        }
        if (!context.rules.flushesBeforePromise()) {
            promiseAwaited(active);
        } else if (flushToken == 0) {
            flushToken = context.out.flushAll();
        }
    }

    /** Everything that the log was given before {@code token} is on the medium, and has reported. */
    void onFlushedAll(long token, ActiveView active) {
        if (token == flushToken && awaitsFlush != null) {
            promiseAwaited(active);
        }
    }

    private void promiseAwaited(ActiveView active) {
        Report report = active != null
                ? new Report(active.record().viewId(), context.self, active.securedHere(), true, active.sequencer().delivered())
                : disk.report(record.viewId() - 1);
        Message.Prepare prepare = awaitsFlush;
        awaitsFlush = null;
        flushToken = 0;
        promise(awaitsFrom, prepare.ballot(), report);
    }

    private void promise(int from, Ballot ballot, Report report) {
        record = record.promise(ballot, report);
        if (context.rules.storesPromises()) {
            recordNumber = context.out.store(record);
        }
        answer(from);
    }

    private void answer(int from) {
        context.out.sendAfter(recordNumber, from, new Message.Promise(record.viewId(), record.promised(), record.report(),
                record.acceptedBallot(), record.accepted()));
    }

    void onAccept(int from, Message.Accept accept, ActiveView active) {
        Ballot ballot = accept.ballot();
        if (ballot.compareTo(record.promised()) < 0) {
            context.out.send(from, new Message.Refused(record.viewId(), record.promised()));
        } else if (ballot.equals(record.promised()) || isNewcomer(accept.value())) {
            accept(from, accept);
        } else if (mayVote()) {
            // Whoever accepts has sealed the view before: the accept is repeated until it is answered.
            onPrepare(from, new Message.Prepare(accept.viewId(), ballot, record.previous()), active);
        }
    }

    /** A disk that only the proposed view lists counts for the majority of that view, not of the one before. */
    private boolean isNewcomer(ViewRecord value) {
        return !mayVote() && value.listsDisk(context.self.serverId(), context.self.diskId());
    }

    private void accept(int from, Message.Accept accept) {
        if (!accept.ballot().equals(record.acceptedBallot())) {
            record = record.accept(accept.ballot(), accept.value());
            if (context.rules.storesAcceptances()) {
                recordNumber = context.out.store(record);
            }
        }
        context.out.sendAfter(recordNumber, from, new Message.Accepted(record.viewId(), accept.ballot()));
    }
}
