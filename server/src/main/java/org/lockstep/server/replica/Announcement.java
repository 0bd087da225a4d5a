package org.lockstep.server.replica;

import java.util.function.Consumer;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.Transport;

/** A bulk stream whose head says everything. */
final class Announcement implements BulkSender.Listener {
    private final Consumer<String> failed;
    private BulkSender sender;

    private Announcement(Consumer<String> failed) {
        this.failed = failed;
    }

    /**
     * Says {@code head} to a server. On the main event loop.
     *
     * @param failed told why when it may not have been heard; never from within this call
     */
    static void say(Transport transport, int serverId, BulkHead head, Consumer<String> failed) {
        Announcement said = new Announcement(failed);
        said.sender = transport.openBulk(serverId, head.encode(), said);
    }

    @Override
    public void onRoom() {
        if (sender != null) {
            sender.finish();
            sender = null;
        }
    }

    @Override
    public void onFinished() {}

    @Override
    public void onFailed(String why) {
        failed.accept(why);
    }
}
