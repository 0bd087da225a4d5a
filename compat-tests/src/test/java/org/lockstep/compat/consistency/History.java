package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.compat.consistency.NodeClient.Answer;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.compat.consistency.Operation.Status;

/** Everything that was asked and answered, in the order in which clients learnt it. Thread-safe. */
final class History {
    private final List<Operation> operations = new ArrayList<>();
    private final List<Hold> holds = new ArrayList<>();
    private final List<LockCheck.FencedWrite> fencedWrites = new ArrayList<>();

    /** Has a client ask, and records it; for arguments see {@link NodeClient#ask}. */
    Operation ask(NodeClient client, int number, List<Part> parts, boolean synced, Flavour flavour) throws InterruptedException {
        long invoked = System.nanoTime();
        Answer answer;
        try {
            answer = client.ask(parts, synced, flavour);
        } catch (InterruptedException e) {
            add(new Operation(number, 0, parts, synced, invoked, Operation.NEVER, Status.UNKNOWN, 0));
            throw e;
        }
        long returned = answer.status() == Status.UNKNOWN ? Operation.NEVER : System.nanoTime();
        return add(new Operation(number, answer.session(), answer.parts(), synced, invoked, returned, answer.status(),
                answer.zxid()));
    }

    Operation ask(NodeClient client, int number, Part part) throws InterruptedException {
        return ask(client, number, List.of(part), false, Flavour.PERSISTENT);
    }

    /**
     * Has a client close its session, and records that as what it is: the deletion of an ephemeral which {@code create} made.
     * Without an answer, or when the session had expired before, the node goes at any time after its creation.
     */
    Operation closeSession(NodeClient client, Operation create) throws InterruptedException {
        long invoked = System.nanoTime();
        Answer answer = client.closeSession();
        if (answer.status() == Status.UNKNOWN || answer.session() != create.session()) {
            return mayExpire(create);
        }
        List<Part> delete = List.of(Part.delete(create.parts().get(0).path(), -1));
        return add(new Operation(create.client(), answer.session(), delete, false, invoked, System.nanoTime(), Status.OK,
                answer.zxid()));
    }

    /** Records that an ephemeral may go by itself at any time after {@code create} made it, because its session expires. */
    Operation mayExpire(Operation create) {
        Part delete = Part.delete(create.parts().get(0).path(), -1);
        long from = create.returnedNanos() == Operation.NEVER ? create.invokedNanos() : create.returnedNanos();
        return add(new Operation(create.client(), create.session(), List.of(delete), false, from, Operation.NEVER,
                Status.UNKNOWN, 0));
    }

    synchronized Operation add(Operation operation) {
        operations.add(operation);
        return operation;
    }

    synchronized void add(Hold hold) {
        holds.add(hold);
    }

    synchronized void add(LockCheck.FencedWrite write) {
        fencedWrites.add(write);
    }

    /** A copy of what was recorded up to now. */
    synchronized List<Operation> operations() {
        return List.copyOf(operations);
    }

    synchronized List<Hold> holds() {
        return new ArrayList<>(holds);
    }

    synchronized List<LockCheck.FencedWrite> fencedWrites() {
        return new ArrayList<>(fencedWrites);
    }

    /** How many operations have this status. */
    synchronized long count(Status status) {
        return operations.stream().filter(operation -> operation.status() == status).count();
    }
}
