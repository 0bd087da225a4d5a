package org.lockstep.rdma.verbs;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCRegMr;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Memory that the device knows: page-aligned, zero at first, pinned until it is closed. Who holds its remote key can write to it,
 * at any time and without a word, as long as it is open and was made writable.
 *
 * <p>Closing is for one thread, after the last queue pair that posts from it is closed. After that the memory is only the
 * collector's, and what the key's holders write fails on their side.
 */
public final class Region implements AutoCloseable {
    private static final int PAGE_BYTES = 4096;

    private final ByteBuffer memory;
    private final IbvMr registration;
    private boolean open = true;

    private Region(ByteBuffer memory, IbvMr registration) {
        this.memory = memory;
        this.registration = registration;
    }

    static Region register(IbvPd domain, int bytes, boolean writableByPeers) throws IOException {
        int pages = bytes + PAGE_BYTES - 1 & -PAGE_BYTES;
        ByteBuffer memory = ByteBuffer.allocateDirect(pages + PAGE_BYTES).alignedSlice(PAGE_BYTES).slice(0, bytes);
        int access = IbvMr.IBV_ACCESS_LOCAL_WRITE | (writableByPeers ? IbvMr.IBV_ACCESS_REMOTE_WRITE : 0);
        SVCRegMr call = domain.regMr(memory, access);
        try {
            call.execute();
            return new Region(memory, call.getMr());
        } catch (IOException e) {
            throw new RdmaUnavailableException("cannot register " + bytes + " bytes with the RDMA device (" + e.getMessage()
                    + "): raise the limit of locked memory (ulimit -l, LimitMEMLOCK=infinity) or make the rings smaller", e);
        } finally {
            call.free();
        }
    }

    /** The memory. Its position, limit and byte order are whoever's uses it: take a duplicate. */
    public ByteBuffer memory() {
        return memory;
    }

    /** Where the memory begins, as this process and, with the key, its peers name it. */
    public long address() {
        return registration.getAddr();
    }

    /** What a peer needs to write to this memory. */
    public int remoteKey() {
        return registration.getRkey();
    }

    int localKey() {
        return registration.getLkey();
    }

    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            SVCDeregMr call = registration.deregMr();
            call.execute().free();
        }
    }
}
