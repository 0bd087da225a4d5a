package org.lockstep.compat.diff;

import java.util.List;
import java.util.stream.Collectors;
import org.lockstep.wire.OpCode;

/** One step of a program: something that a client does on one of its connection slots. */
sealed interface Step {
    int slot();

    /** How a trace shows it. */
    String text();

    /** Which password a connection request carries. */
    enum Password { RIGHT, WRONG, SHORT, NULL }

    /**
     * Opens a connection in the slot, dropping what was there.
     *
     * @param session program-wide number of the session to make or to resume
     * @param resume whether to resume that session; a session that was never made resumes as one that nobody knows
     * @param timeoutMillis asked for
     * @param password for a resumption; a new session sends 16 zero bytes, or none
     * @param readOnlyByte whether the request ends with that byte
     * @param readOnly its value
     * @param zxidsAhead how far beyond the program's start the client claims to have seen; 0 claims nothing
     * @param behind requests sent in the same write
     */
    record Connect(int slot, int session, boolean resume, int timeoutMillis, Password password, boolean readOnlyByte,
            boolean readOnly, long zxidsAhead, List<Request> behind) implements Step {
        @Override
        public String text() {
            String what = resume ? "resume S" + session + " with " + password + " password" : "connect as S" + session
                    + (password == Password.RIGHT ? "" : " with " + password + " password");
            return "slot " + slot + ": " + what + ", timeout " + timeoutMillis + (readOnlyByte ? "" : ", no readOnly byte")
                    + (readOnly ? ", read-only" : "") + (zxidsAhead == 0 ? "" : ", seen zxid +" + zxidsAhead)
                    + (behind.isEmpty() ? "" : ", and behind it " + texts(behind));
        }
    }

    /** Sends requests in one write and reads their replies. */
    record Burst(int slot, List<Request> requests) implements Step {
        @Override
        public String text() {
            return "slot " + slot + ": " + texts(requests);
        }

        /** A ping may travel in the same write, since the server is sure to answer it, and in order. */
        boolean endsWithPing() {
            return !last().standsAlone();
        }

        boolean closesSession() {
            return last().opcode() == OpCode.CLOSE_SESSION;
        }

        /** True when no other connection can notice any of it. */
        boolean readsOnly() {
            return requests.stream().noneMatch(r -> OpCode.isOrdered(r.opcode()) || r.standsAlone());
        }

        private Request last() {
            return requests.get(requests.size() - 1);
        }
    }

    /**
     * Sends bytes that are not a request and reads up to the end: the server closes the connection.
     *
     * @param fresh on a new connection, where a connection request is due; otherwise on the one in the slot
     */
    record Garbage(int slot, boolean fresh, byte[] bytes, String what) implements Step {
        @Override
        public String text() {
            return "slot " + slot + (fresh ? ", as first bytes: " : ": ") + what;
        }
    }

    /** Closes the connection without a word. The session lives on. */
    record Drop(int slot) implements Step {
        @Override
        public String text() {
            return "slot " + slot + ": drop the connection";
        }
    }

    /** Reads the slot until the server sends something by itself or closes the connection. */
    record Await(int slot) implements Step {
        @Override
        public String text() {
            return "slot " + slot + ": wait for the server";
        }
    }

    /** Lets time pass, to see that nothing happens. */
    record Pause(int slot, int millis) implements Step {
        @Override
        public String text() {
            return "wait " + millis + " ms";
        }
    }

    private static String texts(List<Request> requests) {
        return requests.stream().map(r -> "[" + r.xid() + "] " + r.text()).collect(Collectors.joining("; "));
    }
}
