package org.lockstep.rdma.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.rdma.lane.LaneMemory;
import org.lockstep.rdma.verbs.QueuePair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lanes to one peer: one after the other, each for one view and one TCP connection. The server with the lower id dials; both
 * begin to send when the other has the lane, each for itself. Until then, and where no lane can be made, TCP carries slots
 * and rows. On the event loop.
 *
 * <p><b>The order between the two ways.</b> {@link LaneTalk.Begin} goes behind the last slot on TCP, and the lane is not looked
 * at before it has come. It is sent only when the peer has said in this view and on this connection which slots it has
 * ({@link Message.Resume}): the slot that the lane continues is then known.
 */
final class LanePeer {
    private static final Logger LOG = LoggerFactory.getLogger(LanePeer.class);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int DOUBLINGS_MAX = 6;
    private static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(8);
    private static final int RETIRE_MILLIS = 200;

    private final RdmaTransport transport;
    private final int serverId;
    private final ExecutorService worker;
    private LaneLink link;
    private LaneTalk.Hello hello;
    private LaneTalk.Offer offer;
    private MemberId process;
    private long dialed;
    private boolean told;
    private boolean withoutRdma;
    private long askedAt;
    private long sendingSince;
    private int failures;
    private long retryAt;
    private long overInView;
    private long dataView;
    private long lastData = -1;
    private long resumeView;
    private long resumeReceived = -1;

    LanePeer(RdmaTransport transport, int serverId) {
        this.transport = transport;
        this.serverId = serverId;
        this.worker = transport.end().worker(serverId);
        this.retryAt = System.nanoTime();
    }

    /**
     * The connection was made or lost: what belonged to one before is void. The first word on a new one is {@code Hello}, so
     * whoever begins with something else has no RDMA. Where that is demanded the core hears of a connection by then only.
     */
    void onConnection(boolean up) {
        drop();
        hello = null;
        offer = null;
        process = null;
        withoutRdma = false;
        overInView = 0;
        dataView = 0;
        lastData = -1;
        resumeView = 0;
        resumeReceived = -1;
        if (up) {
            say(new LaneTalk.Hello(transport.end().address(), transport.options().ringBytes(), transport.sleeps()));
            transport.tcp().flush();
        }
        if (up && !transport.options().required() || !up && told) {
            tell(up);
        }
    }

    private void tell(boolean up) {
        told = up;
        transport.listener().onConnection(serverId, up);
    }

    /** A message has come: whether it is to be heard. */
    boolean mayTalk() {
        if (hello == null && !withoutRdma) {
            withoutRdma = true;
            // The connection stays: what is ended is made anew at once, again and again.
            LOG.warn("Server {} does not use RDMA: {}", serverId, transport.options().required()
                    ? "nothing is taken from it; set transport=rdma or auto there, or transport=auto here"
                    : "slots and rows go to it over TCP; set transport=auto or rdma there");
        }
        return told;
    }

    /** It is connected, and the core has not heard of it. */
    boolean isRefused() {
        return !told;
    }

    LaneLink link() {
        return link;
    }

    boolean isSending() {
        return link != null && link.isSending();
    }

    // ---- slots and rows

    /** Takes a slot; false when it is to go over TCP. */
    boolean send(Message.Data data) {
        long viewId = data.slot().position().viewId();
        if (mayUseLane(viewId)) {
            link.send(data);
            if (link.waitingBytes() > transport.options().queueBytesMax()) {
                transport.tcp().disconnect(serverId, "it takes nothing: " + link.waitingBytes() + " bytes wait for its ring");
            }
            return true;
        }
        if (dataView != viewId) {
            dataView = viewId;
            lastData = -1;
        }
        lastData = Math.max(lastData, data.slot().position().index());
        return false;
    }

    /** Takes a row; false when it is to go over TCP. Comes often: sets the lane up, too, and looks after it. */
    boolean send(Message.RowUpdate update) {
        consider();
        if (mayUseLane(update.row().viewId())) {
            link.send(update.row());
            return true;
        }
        return false;
    }

    private boolean mayUseLane(long viewId) {
        if (link == null || !link.isOpen() || link.viewId() != viewId) {
            return false;
        }
        if (!link.isSending() && resumeView == viewId) {
            long previous = Math.max(resumeReceived, dataView == viewId ? lastData : -1);
            say(new LaneTalk.Begin(link.number(), previous));
            link.beginSending(previous);
            sendingSince = System.nanoTime();
            transport.lanesChanged();
            LOG.info("Slots and rows of view {} go to server {} over RDMA", viewId, serverId);
        }
        return link.isSending();
    }

    /** The peer has told which slots of this server it has. */
    void onResume(Message.Resume resume) {
        if (resume.viewId() > resumeView) {
            resumeView = resume.viewId();
            resumeReceived = -1;
        }
        if (resume.viewId() == resumeView) {
            resumeReceived = Math.max(resumeReceived, resume.received());
        }
    }

    /** Sends what was put into the lane. */
    void flush() {
        if (link != null) {
            link.flush();
            endIfBroken();
        }
    }

    // ---- what the two sides say

    private void say(LaneTalk word) {
        transport.tcp().sendSide(serverId, word.encode());
    }

    void onTalk(MemberId from, LaneTalk word) {
        if (word instanceof LaneTalk.Hello first) {
            hello = first;
            process = from;
            if (!told) {
                tell(true);
            }
        } else if (word instanceof LaneTalk.Offer its) {
            onOffer(its);
        } else if (word instanceof LaneTalk.Begin begin) {
            if (link != null && link.number() == begin.number() && link.isOpen() && !link.isReceiving()) {
                link.beginReceiving(begin.previous(),
                        transport.sleeps() ? new Notices(link.pair(), transport.loop(), serverId) : null);
                transport.lanesChanged();
            }
        } else if (word instanceof LaneTalk.Retire retire) {
            onRetire(retire);
        }
        consider();
    }

    private void onOffer(LaneTalk.Offer its) {
        if (!dials()) {
            offer = its;
            if (link != null && link.number() != its.number()) {
                drop(); // the peer has given up the one before
            }
        } else if (link != null && link.number() == its.number() && link.isMade() && !link.isOpen()) {
            open(its);
        }
    }

    private void onRetire(LaneTalk.Retire retire) {
        if (offer != null && offer.number() == retire.number()) {
            offer = null;
        }
        if (link != null && link.number() == retire.number()) {
            if (retire.over()) {
                overInView = link.viewId();
            } else if (link.isSending()) {
                // What went into the lane is lost, and still needed.
                transport.tcp().disconnect(serverId, "it has given up its RDMA lane: " + retire.why());
            } else {
                LOG.info("Server {} has given up the RDMA lane of view {}: {}", serverId, link.viewId(), retire.why());
                failedOnce();
            }
            drop();
        }
    }

    // ---- making a lane

    private boolean dials() {
        return transport.selfId() < serverId;
    }

    /** Makes a lane where one is wanted and can be made. */
    void consider() {
        long now = System.nanoTime();
        if (link != null) {
            link.check(now);
            endIfBroken();
            if (link != null && !link.isOpen() && now - askedAt > ANSWER_NANOS) {
                giveUp("no answer");
            }
            return;
        }
        ViewRecord view = transport.view();
        if (view != null && hello != null && !transport.isClosed() && view.rankOf(process) >= 0
                && overInView != view.viewId()) {
            if (dials() && now - retryAt >= 0) {
                InetSocketAddress there = hello.port();
                make(newLink(++dialed, view), () -> transport.end().dial(there));
            } else if (!dials() && offer != null && offer.viewId() == view.viewId()) {
                InetSocketAddress from = offer.pair();
                make(newLink(offer.number(), view), () -> transport.end().take(from));
            }
        }
    }

    private LaneLink newLink(long number, ViewRecord view) {
        return new LaneLink(number, view, process, transport.counts(), transport.sums());
    }

    /** On the peer's worker: memory and a queue pair; then {@link #onMade}. */
    private void make(LaneLink next, Callable<QueuePair> connect) {
        link = next;
        askedAt = System.nanoTime();
        int ringBytes = Math.min(transport.options().ringBytes(), hello.ringBytes());
        onWorker(() -> {
            LaneMemory memory = null;
            try {
                memory = transport.end().memory(ringBytes, next.ranks());
                QueuePair pair = connect.call();
                LaneMemory whole = memory;
                onLoop(() -> onMade(next, whole, pair), () -> close(pair, whole));
            } catch (Exception e) {
                close(memory);
                onLoop(() -> onFailed(next, e.getMessage()), () -> { });
            }
        });
    }

    /** What blocks goes there; only when the device is being closed there is no such thread any more. */
    private void onWorker(Runnable task) {
        try {
            worker.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private void onLoop(Runnable task, Runnable otherwise) {
        try {
            transport.loop().execute(task);
        } catch (RejectedExecutionException e) {
            otherwise.run();
        }
    }

    private static void close(AutoCloseable... inOrder) {
        for (AutoCloseable one : inOrder) {
            try {
                if (one != null) {
                    one.close();
                }
            } catch (Exception e) {
                LOG.warn("What was made for a lane could not be taken from the RDMA device: {}", e.getMessage());
            }
        }
    }

    private void onMade(LaneLink made, LaneMemory memory, QueuePair pair) {
        if (made.isOver()) {
            onWorker(() -> close(pair, memory));
            return;
        }
        made.made(memory, pair);
        try {
            if (dials()) {
                say(new LaneTalk.Offer(made.number(), made.viewId(), made.address(), pair.localAddress()));
            } else {
                open(offer);
                say(new LaneTalk.Offer(made.number(), made.viewId(), made.address(), null));
            }
        } catch (IOException e) {
            giveUp(e.getMessage());
        }
        transport.tcp().flush();
    }

    private void open(LaneTalk.Offer theirs) {
        try {
            link.open(theirs.memory(), hello.wake(), transport.listener());
        } catch (IllegalArgumentException e) {
            giveUp(e.getMessage());
        }
    }

    private void onFailed(LaneLink failed, String why) {
        if (failed == link) {
            giveUp(why);
            transport.tcp().flush();
        }
    }

    private void giveUp(String why) {
        LOG.warn("No RDMA lane to server {}: {}; slots and rows go to it over TCP, and it is tried again", serverId, why);
        failedOnce();
        offer = null;
        say(new LaneTalk.Retire(link.number(), false, String.valueOf(why)));
        drop();
    }

    private void failedOnce() {
        failures = sendingSince != 0 && System.nanoTime() - sendingSince > LASTING_NANOS ? 1 : failures + 1;
        sendingSince = 0;
        retryAt = System.nanoTime() + (RETRY_NANOS << Math.min(failures - 1, DOUBLINGS_MAX));
    }

    // ---- the end of a lane

    /** A broken lane is a broken connection: the core hears of it, and sends again what was under way. */
    private void endIfBroken() {
        LaneLink broken = link;
        if (broken == null || broken.failure() == null || broken.isGivenUp()) {
            return;
        }
        broken.setGivenUp();
        // A peer that ends its lane says so over TCP: then nothing was lost that counts.
        transport.loop().schedule(() -> {
            if (link == broken) {
                failedOnce();
                transport.tcp().disconnect(serverId, "its RDMA lane failed: " + broken.failure());
            }
        }, RETIRE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** This server has no use for the lane of that view any more: it has left the view, or the peer is out of it. */
    void retire(String why) {
        if (link != null) {
            overInView = link.viewId();
            say(new LaneTalk.Retire(link.number(), true, why));
            drop();
        }
    }

    /** Stops the queue pair, and takes the memory from the device. */
    void drop() {
        if (link != null) {
            link.dispose(this::onWorker);
            link = null;
            transport.lanesChanged();
        }
    }
}
