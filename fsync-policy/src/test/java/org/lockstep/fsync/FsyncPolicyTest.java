package org.lockstep.fsync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FsyncPolicyTest {
    @Test
    void everyPolicyIsFoundByItsKey() {
        for (FsyncPolicy policy : FsyncPolicy.values()) {
            assertSame(policy, FsyncPolicy.ofKey(policy.key()));
        }
        assertNull(FsyncPolicy.ofKey("sometimes"));
        assertEquals("durable", FsyncPolicy.DURABLE.key());
    }

    @Test
    void onlyDurableRepliesAfterTheFlush() {
        assertFalse(FsyncPolicy.DURABLE.isLazy());
        assertTrue(FsyncPolicy.NO_SYNC.isLazy());
        assertTrue(FsyncPolicy.WRITE_BARRIER.isLazy());
    }
}
