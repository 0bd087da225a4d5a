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
    private final DiskState disk;
    private final Election election;
    private final Joining joining;
    private final News news;
    private final DiskWatch diskWatch;
    private final OwnSlots own;
    private ViewRecord decided;
    private ActiveView active;
    private Suspicion suspicion;
    private Succession succession;
    private Outside outside;
    private long installing;
    private long beatAt = Long.MIN_VALUE / 2;
    private long flushedAt;
    private boolean cutOff;
    private boolean excluded;
    private boolean started;

    public EnsembleMember(MemberId self, EnsembleOptions options, Recovered found) {
        this(self, options, found, new Rules());
    }

    EnsembleMember(MemberId self, EnsembleOptions options, Recovered found, Rules rules) {
        context = new Context(self, options, rules);
        disk = new DiskState(self.diskId(), found);
        decided = found.decided();
        election = new Election(context, new Acceptor(context, disk, found.acceptor(), decided));
        joining = new Joining(context, disk);
        news = new News(context);
        diskWatch = new DiskWatch(context);
        own = new OwnSlots(options);
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
        return active == null ? null : active.record();
    }

    /** The newest view known to be decided, or null. */
    public ViewRecord decided() {
        return decided;
    }

    /** Whether a slot given now would go out at once: else the driver gathers a larger batch meanwhile. */
    public boolean mayTakeMore() {
        return !excluded && active != null && installing == 0 && active.mayTakeMore();
    }

    /**
     * Sends {@code payload} in the next own slot; it is carried over into later views until it is delivered or this process is
     * excluded. The array is the core's from here on.
     *
     * @throws IllegalArgumentException when it is larger than a slot may be
     * @throws IllegalStateException when this process is not a live member
     */
    public void submit(byte[] payload) {
        if (payload.length > context.options.slotBytesMax()) {
            throw new IllegalArgumentException("a slot holds at most " + context.options.slotBytesMax() + " bytes, not "
                    + payload.length);
        }
        if (active == null || excluded) {
            throw new IllegalStateException("not a member of any view");
        }
        own.submit(payload);
        active.pump();
    }

    /** Time passes; {@code nowNanos} is monotonic as far as the machine can do it, what runs backwards is ignored. */
    public void tick(long nowNanos) {
        if (excluded) {
            return;
        }
        if (!started) {
            start(nowNanos);
        }
        long gap = nowNanos - context.now;
        context.now = Math.max(context.now, nowNanos);
        if (gap > context.options.failureTimeoutNanos() / 2) {
            forgive(gap);
        }
        election.tick();
        afterElection();
        if (active != null && diskWatch.isStuck()) {
            exclude("waits for its disk in vain");
        } else if (active != null) {
            tickLive();
        } else if (installing == 0) {
            tickOutside();
        }
    }

    private void start(long nowNanos) {
        started = true;
        context.now = nowNanos;
        outside = new Outside(context);
        if (decided != null && !disk.hasInstalled(decided)) {
            installOnDisk(decided);
        }
    }

    /** Who slept himself suspects nobody yet. */
    private void forgive(long gap) {
        context.peers.forgive(gap);
        diskWatch.forgive();
        if (active != null) {
            suspicion.forgive(gap);
        } else {
            outside.forgive(gap);
        }
    }

    private void tickLive() {
        if (context.now - beatAt >= context.options.heartbeatNanos()) {
            beatAt = context.now;
            active.onHeartbeat();
            greetOthers();
        }
        suspicion.tick();
        if (context.options.policy().isLazy()) {
            flushInBackground();
        }
        boolean alone = active.isCutOff();
        if (alone != cutOff) {
            cutOff = alone;
            context.out.add(new Effect.CutOff(alone));
        }
        if (!election.coordinates() && installing == 0 && succession.isDue()) {
            election.coordinate(decided, new ViewChoice(context, decided, active, suspicion, context.now));
        }
    }

    /** Rows go to the members of the view only; the other servers must know of it too, or two views could live on side by side. */
    private void greetOthers() {
        for (int serverId : context.peers.serverIds()) {
            if (active.record().memberOn(serverId) == null) {
                context.out.send(serverId, status());
            }
        }
    }

    private void flushInBackground() {
        if (context.now - flushedAt >= context.options.flushIntervalNanos()) {
            flushedAt = context.now;
            active.requestFlush(active.sequencer().delivered());
        }
    }

    private void tickOutside() {
        long decidedViewId = decided == null ? 0 : decided.viewId();
        Outside.Wish wish = outside.tick(decidedViewId, decided == null && disk.isBlank());
        if (wish == Outside.Wish.COORDINATE && !election.coordinates()) {
            outside.backOff();
            election.coordinate(decided, new ViewChoice(context, decided, null, null, outside.aloneSince()));
        }
    }

    private void afterElection() {
        if (election.takeFailure()) {
            if (active != null) {
                succession.failed();
            } else {
                outside.failed();
            }
        } else if (election.decided() != null) {
            learnDecided(election.decided());
        }
    }

    private void attemptSeen() {
        if (active != null) {
            succession.activity();
        } else {
            outside.backOff();
        }
    }

    /** A message came from the process {@code from}. */
    public void message(MemberId from, Message message) {
        if (excluded || !started) {
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
        int rank = active == null ? -1 : active.record().rankOf(from);
        if (message instanceof Message.Data data) {
            if (rank >= 0 && isOfView(data.slot().position().viewId())) {
                active.onData(rank, data);
            }
        } else if (message instanceof Message.RowUpdate update) {
            context.peers.livesIn(from.serverId(), update.row().viewId(), update.row().cutOff(),
                    context.now);
            if (rank >= 0 && isOfView(update.row().viewId())) {
                active.onRow(rank, update.row());
            } else {
                news.compare(from, update.row().viewId(), decided, status());
            }
        } else if (message instanceof Message.Resume resume && rank >= 0 && isOfView(resume.viewId())) {
            active.onResume(rank, resume);
        }
    }

    private boolean isOfView(long viewId) {
        return active.record().viewId() == viewId;
    }

    private Message.Status status() {
        return new Message.Status(active == null ? 0 : active.record().viewId(), decided == null ? 0 : decided.viewId(),
                decided == null && disk.isBlank(), active != null && active.isCutOff());
    }

    private void onControl(MemberId from, Message message) {
        if (message instanceof Message.Status status) {
            news.onStatus(from, status, decided, status());
        } else if (message instanceof Message.JoinRequest request) {
            context.peers.asksToJoin(from.serverId(), request.decidedViewId(), context.now);
        } else if (message instanceof Message.Decided news) {
            learnDecided(news.view());
        } else if (message instanceof Message.TransferRequest request) {
            if (isElecting(request.value().viewId())) {
                joining.onRequest(request, active);
            }
        } else if (message instanceof Message.Transfer transfer) {
            if (active == null && isElecting(transfer.value().viewId())) {
                joining.onTransfer(transfer);
            }
        } else {
            onElection(from, message);
        }
    }

    /** Nothing of an election counts during an install. */
    private boolean isElecting(long viewId) {
        return !excluded && installing == 0 && viewId == election.viewId();
    }

    private void onElection(MemberId from, Message message) {
        if (message instanceof Message.Prepare prepare) {
            if (prepare.previous() != null) {
                learnDecided(prepare.previous());
            }
            if (isCurrent(from, prepare.viewId())) {
                election.onPrepare(from, prepare, active);
                attemptOfOther(from);
            }
        } else if (message instanceof Message.Accept accept) {
            if (isCurrent(from, accept.viewId())) {
                election.onAccept(from, accept, active);
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
        if (decided != null && viewId <= decided.viewId()) {
            context.out.send(from.serverId(), new Message.Decided(decided));
            return false;
        }
        return isElecting(viewId);
    }

    /** What {@link Effect.Stage} asked for is on the medium. */
    public void staged(Message.Transfer transfer) {
        if (active == null && isElecting(transfer.value().viewId())) {
            joining.onStaged(transfer);
        }
    }

    /** The learner has nearly caught up with its helper ({@link Effect.Learn}). */
    public void learned() {
        if (!excluded && outside != null) {
            outside.learned();
        }
    }

    /** A view is decided: install it if it names this incarnation; who lived in the view before and is not named is out. */
    private void learnDecided(ViewRecord view) {
        if (decided != null && view.viewId() <= decided.viewId() || installing != 0 || excluded) {
            return;
        }
        boolean follows = active != null && active.record().viewId() == view.viewId() - 1;
        boolean named = view.rankOf(context.self) >= 0;
        decided = view;
        election.reset(view);
        context.broadcast(new Message.Decided(view));
        if (active != null) {
            if (follows && named) {
                installing = context.out.install(view, context.self, Effect.Base.LOG, context.rules.installCut(view));
            } else {
                exclude("is not in view " + view.viewId());
            }
        } else {
            installOnDisk(view);
            if (named && installing == 0) {
                exclude("has not the base of view " + view.viewId());
            }
        }
    }

    /** A process outside: installs what its disk can, as the member that the view lists, be it this incarnation or a past one. */
    private void installOnDisk(ViewRecord view) {
        Effect.Base base = disk.baseFor(view);
        if (base != null) {
            installing = context.out.install(view, view.memberOf(context.self.diskId()), base, context.rules.installCut(view));
        }
    }

    private void exclude(String why) {
        excluded = true;
        context.out.note(context.self.serverId() + " " + why + ": it leaves and comes back as another incarnation");
        context.out.add(new Effect.Excluded(decided));
    }

    /** The record {@code number} ({@link Effect.Store}, {@link Effect.Install}) is on the medium. */
    public void recordStored(long number) {
        diskWatch.stored(number);
        if (number != installing || excluded) {
            return;
        }
        installing = 0;
        disk.installed(decided, decided.memberOf(context.self.diskId()));
        if (decided.rankOf(context.self) >= 0) {
            beginView();
        }
    }

    private void beginView() {
        boolean fromDisk = active == null;
        context.peers.passedOver(decided, context.now);
        if (active != null) {
            own.putFirst(active.end(context.rules.installCut(decided), decided.trim()));
        }
        context.out.add(new Effect.BeginView(decided, fromDisk));
        outside = null;
        active = new ActiveView(context, decided, own);
        suspicion = new Suspicion(context, active);
        succession = new Succession(context, active, suspicion, succession);
        active.begin();
    }

    /** This member's log has secured the slot at (view, index) of the sender of this rank, and all given to it before. */
    public void secured(Position position) {
        if (!excluded && active != null && isOfView(position.viewId())) {
            active.onSecured(position.rank(), position.index());
        }
    }

    /** The stable prefix of the view up to {@code upTo} ({@link Order}) is on the medium. */
    public void flushed(long viewId, long upTo) {
        if (!excluded && active != null && isOfView(viewId)) {
            active.onFlushed(upTo);
        }
    }

    /** What {@link Effect.FlushAll} asked for is done, and everything secured before was reported. */
    public void flushedAll(long token) {
        diskWatch.flushedAll(token);
        if (!excluded) {
            election.onFlushedAll(token, active);
        }
    }

    /** A barrier was delivered at {@code upTo}: let the medium catch up now. All members call it for the same slot. */
    public void requestFlush(long viewId, long upTo) {
        if (!excluded && active != null && isOfView(viewId)) {
            active.requestFlush(upTo);
        }
    }

    /** The connection to a server was made or lost. */
    public void connection(int serverId, boolean up) {
        if (!excluded && active != null && active.record().memberOn(serverId) != null) {
            active.onConnection(active.record().rankOf(active.record().memberOn(serverId)), up);
        }
    }

    /** The process {@code member} is known to be dead: its machine refuses connections. */
    public void processGone(MemberId member) {
        int rank = active == null ? -1 : active.record().rankOf(member);
        if (!excluded && rank >= 0) {
            suspicion.gone(rank);
        }
    }

    /** Ends this view and begins the next with the same members, for instance because its zxids run out. */
    public void planViewChange() {
        if (active != null && !excluded) {
            succession.plan();
        }
    }

    /**
     * Ends a turn of one or more inputs: what changed in the own row of the shared table is sent, once, behind the data it
     * describes. To be called before the effects of the turn are taken.
     */
    public void endTurn() {
        if (active != null && !excluded) {
            active.publish();
        }
    }
}
