package org.lockstep.ensemble.core;

/** What a live member does as time passes: heartbeats, suspicions, background flushes, and when it coordinates the next view. */
final class Membership {
    private final Context context;
    private final ActiveView view;
    private final Feeder feeder;
    private final Suspicion suspicion;
    private final Succession succession;
    private long beatAt;
    private long flushedAt;
    private boolean cutOff;

    /** Of the view {@code view}, which begins; {@code before}: in the view before, or null. */
    Membership(Context context, ActiveView view, Feeder feeder, Membership before) {
        this.context = context;
        this.view = view;
        this.feeder = feeder;
        suspicion = new Suspicion(context, view);
        succession = new Succession(context, view, suspicion, before == null ? null : before.succession);
        beatAt = before == null ? Long.MIN_VALUE / 2 : before.beatAt;
        flushedAt = before == null ? 0 : before.flushedAt;
        cutOff = before != null && before.cutOff;
    }

    ActiveView view() {
        return view;
    }

    Feeder feeder() {
        return feeder;
    }

    Suspicion suspicion() {
        return suspicion;
    }

    Succession succession() {
        return succession;
    }

    boolean isCutOff() {
        return cutOff;
    }

    /** {@code status}: what this member says of itself to the servers outside its view. */
    void tick(Message.Status status) {
        if (context.now - beatAt >= context.options.heartbeatNanos()) {
            beatAt = context.now;
            view.onHeartbeat();
            feeder.onHeartbeat();
            greetOthers(status);
        }
        suspicion.tick();
        if (context.options.policy().isLazy() && context.now - flushedAt >= context.options.flushIntervalNanos()) {
            flushedAt = context.now;
            view.requestFlush(view.sequencer().delivered());
        }
        boolean alone = view.isCutOff();
        if (alone != cutOff) {
            cutOff = alone;
            context.out.add(new Effect.CutOff(alone));
        }
    }

    /** Rows go to the members of the view only; the other servers must know of it too, or two views could live on side by side. */
    private void greetOthers(Message.Status status) {
        for (int serverId : context.peers.serverIds()) {
            if (view.record().memberOn(serverId) == null) {
                context.out.send(serverId, status);
            }
        }
    }

    void forgive(long gapNanos) {
        suspicion.forgive(gapNanos);
        feeder.forgive(gapNanos);
    }

    void onConnection(int serverId, boolean up) {
        MemberId member = view.record().memberOn(serverId);
        if (member != null) {
            view.onConnection(view.record().rankOf(member), up);
        }
    }

    void endTurn() {
        view.publish();
        feeder.endTurn();
    }
}
