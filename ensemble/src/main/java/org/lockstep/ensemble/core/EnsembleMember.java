package org.lockstep.ensemble.core;

/**
 * One process of an ensemble as a deterministic machine: inputs in, effects out. No thread, no clock, no I/O, nothing random.
 * Every input method may add effects; after one or more inputs the driver calls {@link #endTurn}, does the effects in order
 * and clears them ({@link #effects}). One thread at a time.
 *
 * <p>Life: outside, until a decided view names this incarnation and its disk holds the view's base; then live in that view;
 * at its end live in the next, or excluded for good. A process restart is another incarnation.
 */
public final class EnsembleMember {
    private final Context context;
    private final Election election;
    private final Joining joining;
    private final News news;
    private final DiskWatch diskWatch;
    private final OwnSlots own;
    private final Life life;
    private final boolean observer;
    private boolean started;

    public EnsembleMember(MemberId self, EnsembleOptions options, Recovered found) {
        this(self, options, found, new Rules());
    }

    EnsembleMember(MemberId self, EnsembleOptions options, Recovered found, Rules rules) {
        context = new Context(self, options, rules);
        DiskState disk = new DiskState(self.diskId(), found);
        election = new Election(context, new Acceptor(context, disk, found.acceptor(), found.decided()));
        joining = new Joining(context, disk);
        news = new News(context);
        diskWatch = new DiskWatch(context);
        own = new OwnSlots(options, rules);
        life = new Life(context, disk, election, own, found);
        observer = options.isObserver(self.serverId());
    }

    /** What the last inputs ask the driver to do. */
    public Effects effects() {
        return context.out;
    }

    public MemberId self() {
        return context.self;
    }

    /** The view this process is a live member of, or null. */
    public ViewRecord view() {
        return life.active() == null ? null : life.active().record();
    }

    /** The newest view known to be decided, or null. */
    public ViewRecord decided() {
        return life.decided();
    }

    /** What this process knows of the others. */
    public Standing standing() {
        return life.standing();
    }

    /** Whether clients are served here: by a live member that hears a majority, or by an observer that has caught up. */
    public boolean serves() {
        return life.serves();
    }

    /** Whether a slot given now would go out at once: else the driver gathers a larger batch meanwhile. */
    public boolean mayTakeMore() {
        return life.mayTakeMore();
    }

    /**
     * Sends {@code payload} in the next own slot; it is carried over into later views until it is delivered or this process is
     * excluded. An observer has its feeder do so, and another feeder when that one fails; there the payload must name its
     * origin, so that no other process ever submits the same bytes, nor this one twice. The array is the core's from here on.
     *
     * @throws IllegalArgumentException when it is larger than a slot may be
     * @throws IllegalStateException when this process is neither a live member nor an observer that {@link #serves}
     */
    public void submit(byte[] payload) {
        if (payload.length > context.options.slotBytesMax()) {
            throw new IllegalArgumentException("a slot holds at most " + context.options.slotBytesMax() + " bytes, not "
                    + payload.length);
        }
        if (life.active() != null && !life.isExcluded()) {
            own.submit(payload);
            life.active().pump();
        } else if (serves()) {
            life.outside().submit(payload);
        } else {
            throw new IllegalStateException("not a member of any view");
        }
    }

    /** Time passes; {@code nowNanos} is monotonic as far as the machine can do it, what runs backwards is ignored. */
    public void tick(long nowNanos) {
        if (life.isExcluded()) {
            return;
        }
        if (!started) {
            started = true;
            context.now = nowNanos;
            life.start();
        }
        long gap = nowNanos - context.now;
        context.now = Math.max(context.now, nowNanos);
        if (gap > context.options.failureTimeoutNanos() / 2) {
            diskWatch.forgive();
            life.forgive(gap);
        }
        election.tick();
        afterElection();
        if (life.active() != null && diskWatch.isStuck()) {
            life.exclude("waits for its disk in vain");
        } else if (life.active() != null) {
            tickLive();
        } else if (life.isInstalling()) {
            // The others wait for it to begin the view: they are to hear that it lives.
            life.outside().greet(life.status());
        } else {
            tickOutside();
        }
    }

    private void tickLive() {
        life.membership().tick(life.status());
        if (!election.coordinates() && !life.isInstalling() && life.membership().succession().isDue()) {
            election.coordinate(life.decided(),
                    new ViewChoice(context, life.decided(), life.active(), life.membership().suspicion(), context.now));
        }
    }

    private void tickOutside() {
        Outside.Wish wish = life.outside().tick(life.status(), life.decided());
        if (wish == Outside.Wish.COORDINATE && !election.coordinates()) {
            life.outside().backOff();
            election.coordinate(life.decided(), new ViewChoice(context, life.decided(), null, null, life.outside().aloneSince()));
        }
    }

    private void afterElection() {
        if (election.takeFailure()) {
            if (life.active() != null) {
                life.membership().succession().failed();
            } else {
                life.outside().failed();
            }
        } else if (election.decided() != null) {
            life.learnDecided(election.decided());
        }
    }

    private void attemptSeen() {
        if (life.active() != null) {
            life.membership().succession().activity();
        } else {
            life.outside().backOff();
        }
    }

    /** A message came from the process {@code from}. */
    public void message(MemberId from, Message message) {
        if (life.isExcluded() || !started) {
            return;
        }
        if (from.serverId() != context.self.serverId()) {
            if (context.peers.of(from.serverId()) == null) {
                return;
            }
            context.peers.heard(from, context.now);
        }
        if (message instanceof Message.Data || message instanceof Message.RowUpdate || message instanceof Message.Resume) {
            onViewMessage(from, message);
        } else {
            onControl(from, message);
        }
    }

    private void onViewMessage(MemberId from, Message message) {
        int rank = life.active() == null ? -1 : life.active().record().rankOf(from);
        if (message instanceof Message.Data data) {
            if (rank >= 0 && isOfView(data.slot().position().viewId())) {
                life.active().onData(rank, data);
            }
        } else if (message instanceof Message.RowUpdate update) {
            context.peers.livesIn(from.serverId(), update.row().viewId(), update.row().cutOff(), context.now);
            if (rank >= 0 && isOfView(update.row().viewId())) {
                life.active().onRow(rank, update.row());
            } else {
                news.compare(from, update.row().viewId(), life.decided(), life.status());
            }
        } else if (message instanceof Message.Resume resume && rank >= 0 && isOfView(resume.viewId())) {
            life.active().onResume(rank, resume);
        }
    }

    private boolean isOfView(long viewId) {
        return life.active().record().viewId() == viewId;
    }

    private void onControl(MemberId from, Message message) {
        boolean ofFollower = life.active() != null ? life.membership().feeder().onMessage(from, message)
                : onFeederMessage(from, message);
        if (ofFollower) {
            return;
        }
        if (message instanceof Message.Status status) {
            news.onStatus(from, status, life.decided(), life.status());
        } else if (message instanceof Message.JoinRequest request) {
            context.peers.asksToJoin(from.serverId(), request.decidedViewId(), context.now);
        } else if (message instanceof Message.Decided news) {
            life.learnDecided(news.view());
        } else if (message instanceof Message.TransferRequest request) {
            if (isElecting(request.value().viewId())) {
                joining.onRequest(request, life.active());
            }
        } else if (message instanceof Message.Transfer transfer) {
            if (life.active() == null && isElecting(transfer.value().viewId())) {
                joining.onTransfer(transfer);
            }
        } else {
            onElection(from, message);
        }
    }

    /** What comes while a view is being installed is not used: if no view begins here it is asked for again. */
    private boolean onFeederMessage(MemberId from, Message message) {
        if (life.isInstalling()) {
            return false;
        }
        boolean taken = life.outside().onMessage(from, message);
        if (life.outside().newestView() != null) {
            life.learnDecided(life.outside().newestView());
        }
        return taken;
    }

    /** Nothing of an election counts during an install. */
    private boolean isElecting(long viewId) {
        return !life.isExcluded() && !life.isInstalling() && viewId == election.viewId();
    }

    private void onElection(MemberId from, Message message) {
        if (observer) {
            return;
        }
        if (message instanceof Message.Prepare prepare) {
            if (prepare.previous() != null) {
                life.learnDecided(prepare.previous());
            }
            if (isCurrent(from, prepare.viewId())) {
                election.onPrepare(from, prepare, life.active());
                attemptOfOther(from);
            }
        } else if (message instanceof Message.Accept accept) {
            if (isCurrent(from, accept.viewId())) {
                election.onAccept(from, accept, life.active());
                attemptOfOther(from);
            }
        } else {
            election.onAnswer(from, message);
            afterElection();
        }
    }

    private void attemptOfOther(MemberId from) {
        if (!from.equals(context.self)) {
            attemptSeen();
        }
    }

    /** Whether an election message is of the election under way here; who is behind is told. */
    private boolean isCurrent(MemberId from, long viewId) {
        if (viewId <= life.decidedViewId()) {
            context.out.send(from.serverId(), new Message.Decided(life.decided()));
            return false;
        }
        return isElecting(viewId);
    }

    /** What {@link Effect.Stage} asked for is on the medium. */
    public void staged(Message.Transfer transfer) {
        if (life.active() == null && isElecting(transfer.value().viewId())) {
            joining.onStaged(transfer);
        }
    }

    /** The state that {@link Effect.FetchState} asked for has replaced the own, as of the place {@code at}. */
    public void stateFetched(long stream, Position at) {
        if (life.outside() != null && !life.isExcluded()) {
            life.outside().onFetched(stream, at);
        }
    }

    /** The state that {@link Effect.FetchState} asked for cannot be had from that feeder; the own is as it was. */
    public void stateNotFetched(long stream) {
        if (life.outside() != null && !life.isExcluded()) {
            life.outside().onFetchFailed(stream);
        }
    }

    /** What {@link Effect.ReadLog} asked for, from behind its {@code after}, without a gap. */
    public void logRead(int followerId, long stream, LogRange range) {
        if (!life.isExcluded() && life.active() != null) {
            life.membership().feeder().onRead(followerId, stream, range);
        }
    }

    /** The log does not reach back to where {@link Effect.ReadLog} asks, or that is no place of the order. */
    public void logTooShort(int followerId, long stream) {
        logRead(followerId, stream, null);
    }

    /** Followers may still ask for what comes behind this place; null: there are none. The log may be deleted up to here. */
    public Position neededByFollowers() {
        return life.active() == null ? null : life.membership().feeder().needed();
    }

    /** The record {@code number} ({@link Effect.Store}, {@link Effect.Install}) is on the medium. */
    public void recordStored(long number) {
        diskWatch.stored(number);
        life.recordStored(number);
    }

    /** This member's log has secured the slot at (view, index) of the sender of this rank, and all given to it before. */
    public void secured(Position position) {
        if (!life.isExcluded() && life.active() != null && isOfView(position.viewId())) {
            life.active().onSecured(position.rank(), position.index());
        }
    }

    /** The stable prefix of the view up to {@code upTo} ({@link Order}) is on the medium. */
    public void flushed(long viewId, long upTo) {
        if (!life.isExcluded() && life.active() != null && isOfView(viewId)) {
            life.active().onFlushed(upTo);
        }
    }

    /** What {@link Effect.FlushAll} asked for is done, and everything secured before was reported. */
    public void flushedAll(long token) {
        diskWatch.flushedAll(token);
        life.flushedAll(token);
    }

    /** A barrier was delivered at {@code upTo}: let the medium catch up now. All members call it for the same slot. */
    public void requestFlush(long viewId, long upTo) {
        if (!life.isExcluded() && life.active() != null && isOfView(viewId)) {
            life.active().requestFlush(upTo);
        }
    }

    /** The connection to a server was made or lost. */
    public void connection(int serverId, boolean up) {
        if (life.isExcluded() || !started) {
            return;
        }
        if (life.active() != null) {
            life.membership().onConnection(serverId, up);
        } else {
            life.outside().onConnection(serverId, up);
        }
    }

    /** The process {@code member} is known to be dead: its machine refuses connections. */
    public void processGone(MemberId member) {
        int rank = life.active() == null ? -1 : life.active().record().rankOf(member);
        if (!life.isExcluded() && rank >= 0) {
            life.membership().suspicion().gone(rank);
        }
    }

    /** Ends this view and begins the next with the same members, for instance because its zxids run out. */
    public void planViewChange() {
        if (life.active() != null && !life.isExcluded()) {
            life.membership().succession().plan();
        }
    }

    /**
     * Ends a turn of one or more inputs: what changed in the own row of the shared table is sent, once, behind the data it
     * describes. To be called before the effects of the turn are taken.
     */
    public void endTurn() {
        if (life.active() != null && !life.isExcluded()) {
            life.membership().endTurn();
        }
    }

    /** What {@link Effect.OweRows} asked for: the own row goes to whoever has not got it yet. */
    public void payRows() {
        if (life.active() != null && !life.isExcluded()) {
            life.active().payRows();
        }
    }
}
