package org.lockstep.rdma.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lockstep.rdma.verbs.Bridge;

/** DiSNI's own call path over the bridge: nothing here is Lockstep's but the bridge. */
class BridgeInGuest {
    private static final String ADDRESS = "10.9.9.1";
    private static final int BYTES = 4096;

    @BeforeAll
    static void load() throws IOException {
        Bridge.load();
    }

    /** One side of a connection. */
    private static final class End {
        final RdmaCmId id;
        final IbvPd domain;
        final IbvCompChannel events;
        final IbvCQ queue;
        final IbvQP pair;
        final ByteBuffer memory = ByteBuffer.allocateDirect(BYTES);
        final IbvMr region;

        End(RdmaCmId id) throws IOException {
            this.id = id;
            IbvContext device = id.getVerbs();
            domain = device.allocPd();
            events = device.createCompChannel();
            queue = device.createCQ(events, 32, 0);
            IbvQPInitAttr wanted = new IbvQPInitAttr();
            wanted.setQp_type(IbvQP.IBV_QPT_RC);
            wanted.setSend_cq(queue);
            wanted.setRecv_cq(queue);
            wanted.cap().setMax_send_wr(16);
            wanted.cap().setMax_recv_wr(16);
            wanted.cap().setMax_inline_data(64);
            pair = id.createQP(domain, wanted);
            SVCRegMr call = domain.regMr(memory, IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE
                    | IbvMr.IBV_ACCESS_REMOTE_READ);
            region = call.execute().getMr();
            call.free();
        }

        private LinkedList<IbvSge> part(int offset, int bytes) {
            IbvSge part = new IbvSge();
            part.setAddr(region.getAddr() + offset);
            part.setLength(bytes);
            part.setLkey(region.getLkey());
            return new LinkedList<>(List.of(part));
        }

        void receive(long number, int offset, int bytes) throws IOException {
            IbvRecvWR request = new IbvRecvWR();
            request.setWr_id(number);
            request.setSg_list(part(offset, bytes));
            request.setNum_sge(1);
            pair.postRecv(List.of(request), null).execute().free();
        }

        SVCPostSend post(int opcode, long number, int offset, int bytes, End peer, int peerOffset, int flags) throws IOException {
            IbvSendWR request = new IbvSendWR();
            request.setWr_id(number);
            request.setOpcode(opcode);
            request.setSg_list(part(offset, bytes));
            request.setNum_sge(1);
            request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED | flags);
            if (peer != null) {
                request.getRdma().setRemote_addr(peer.region.getAddr() + peerOffset);
                request.getRdma().setRkey(peer.region.getRkey());
            }
            SVCPostSend call = pair.postSend(List.of(request), null);
            call.execute();
            return call;
        }

        IbvWC await() throws IOException {
            IbvWC[] completions = {new IbvWC()};
            SVCPollCq poll = queue.poll(completions, 1);
            long deadline = System.nanoTime() + 10_000_000_000L;
            while (poll.execute().getPolls() == 0) {
                assertTrue(System.nanoTime() < deadline, "no completion");
            }
            poll.free();
            return completions[0];
        }

        void close() throws Exception {
            id.destroyQP();
            region.deregMr().execute().free();
            queue.destroyCQ();
            events.destroyCompChannel();
            domain.deallocPd();
            id.destroyId();
        }
    }

    private static RdmaCmId await(RdmaEventChannel channel, EventType wanted) throws IOException {
        RdmaCmEvent event = channel.getCmEvent(10_000);
        assertNotNull(event, () -> "no " + wanted);
        event.ackEvent();
        assertEquals(wanted, EventType.values()[event.getEvent()]);
        return event.getConnIdPriv();
    }

    private interface Body {
        void run(End dialer, End taker) throws Exception;
    }

    private static void connected(Body body) throws Exception {
        RdmaEventChannel passive = RdmaEventChannel.createEventChannel();
        RdmaEventChannel active = RdmaEventChannel.createEventChannel();
        RdmaCmId listener = passive.createId(RdmaCm.RDMA_PS_TCP);
        listener.bindAddr(new InetSocketAddress(ADDRESS, 0));
        listener.listen(4);
        RdmaCmId dialing = active.createId(RdmaCm.RDMA_PS_TCP);
        dialing.resolveAddr(null, listener.getSource(), 5000);
        await(active, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        dialing.resolveRoute(5000);
        await(active, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        End dialer = new End(dialing);
        RdmaConnParam parameters = new RdmaConnParam();
        parameters.setRetry_count((byte) 3);
        parameters.setRnr_retry_count((byte) 3);
        dialing.connect(parameters);
        End taker = new End(await(passive, EventType.RDMA_CM_EVENT_CONNECT_REQUEST));
        taker.id.accept(parameters);
        await(active, EventType.RDMA_CM_EVENT_ESTABLISHED);
        await(passive, EventType.RDMA_CM_EVENT_ESTABLISHED);
        assertEquals(dialing.getSource(), taker.id.getDestination());
        assertEquals(listener.getSource(), dialing.getDestination());
        body.run(dialer, taker);
        dialing.disconnect();
        await(passive, EventType.RDMA_CM_EVENT_DISCONNECTED);
        taker.close();
        dialer.close();
        listener.destroyId();
        passive.destroyEventChannel();
        active.destroyEventChannel();
    }

    @Test
    void everyNativeMethodIsThere() throws Exception {
        Class<?> natives = Class.forName("com.ibm.disni.verbs.impl.NativeDispatcher");
        int declared = 0;
        for (Method method : natives.getDeclaredMethods()) {
            declared += Modifier.isNative(method.getModifiers()) ? 1 : 0;
        }
        assertEquals(48, declared);
    }

    @Test
    void writesArriveAndReportTheirCompletion() throws Exception {
        connected((dialer, taker) -> {
            dialer.memory.putLong(8, 0x1122334455667788L);
            SVCPostSend call = dialer.post(IbvSendWR.IBV_WR_RDMA_WRITE, 41, 8, 8, taker, 512, 0);
            IbvWC done = dialer.await();
            assertEquals(41, done.getWr_id());
            assertEquals(0, done.getStatus());
            assertEquals(0x1122334455667788L, taker.memory.getLong(512));
            dialer.memory.putLong(8, 99);
            call.getWrMod(0).getRdmaMod().setRemote_addr(taker.region.getAddr() + 1024);
            call.getWrMod(0).setWr_id(42);
            call.execute();
            assertEquals(42, dialer.await().getWr_id());
            assertEquals(99, taker.memory.getLong(1024));
            call.free();
            dialer.post(IbvSendWR.IBV_WR_RDMA_WRITE, 43, 8, 8, taker, 2048, IbvSendWR.IBV_SEND_INLINE).free();
            assertEquals(43, dialer.await().getWr_id());
            assertEquals(99, taker.memory.getLong(2048));
        });
    }

    @Test
    void messagesAreSentAndReceived() throws Exception {
        connected((dialer, taker) -> {
            taker.receive(7, 100, 64);
            dialer.memory.put(0, "hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            dialer.post(IbvSendWR.IBV_WR_SEND, 1, 0, 5, null, 0, 0).free();
            assertEquals(0, dialer.await().getStatus());
            IbvWC received = taker.await();
            assertEquals(7, received.getWr_id());
            assertEquals(5, received.getByte_len());
            assertEquals(taker.pair.getQp_num(), received.getQp_num());
            byte[] text = new byte[5];
            taker.memory.get(100, text);
            assertEquals("hello", new String(text, java.nio.charset.StandardCharsets.US_ASCII));
        });
    }

    @Test
    void completionWakesWhoWaits() throws Exception {
        connected((dialer, taker) -> {
            taker.receive(1, 0, 64);
            taker.queue.reqNotification(false).execute().free();
            assertFalse(taker.events.getCqEvent(taker.queue, 50));
            dialer.post(IbvSendWR.IBV_WR_SEND, 1, 0, 5, null, 0, 0).free();
            assertTrue(taker.events.getCqEvent(taker.queue, 10_000));
            taker.queue.ackEvents(1);
            assertEquals(1, taker.await().getWr_id());
            assertEquals(0, dialer.await().getStatus());
        });
    }

    @Test
    void writeOutsideTheMemoryFails() throws Exception {
        connected((dialer, taker) -> {
            dialer.post(IbvSendWR.IBV_WR_RDMA_WRITE, 5, 0, 64, taker, BYTES - 32, 0).free();
            assertEquals(IbvWC.IbvWcStatus.IBV_WC_REM_ACCESS_ERR.ordinal(), dialer.await().getStatus());
        });
    }

    @Test
    void postingMoreThanTheQueueHoldsFails() throws Exception {
        connected((dialer, taker) -> {
            IOException refused = assertThrows(IOException.class, () -> {
                for (int i = 0; i < 10_000; i++) {
                    taker.receive(i, 0, 64);
                }
            });
            assertTrue(refused.getMessage().startsWith("ibv_post_recv: Cannot allocate memory (errno 12)"), refused.getMessage());
        });
    }

    @Test
    void errorsComeAsExceptionsWithTheirText() throws Exception {
        RdmaEventChannel channel = RdmaEventChannel.createEventChannel();
        RdmaCmId id = channel.createId(RdmaCm.RDMA_PS_TCP);
        assertNull(channel.getCmEvent(10));
        assertMessage("rdma_bind_addr: ", () -> id.bindAddr(new InetSocketAddress("192.0.2.1", 0)));
        assertMessage("device of an id: No such device (errno 19)", id::getVerbs);
        assertMessage("rdma_connect: Invalid argument (errno 22)", () -> id.connect(new RdmaConnParam()));
        assertMessage("rdma_accept: Invalid argument (errno 22)", () -> id.accept(new RdmaConnParam()));
        assertMessage("rdma_resolve_route: Invalid argument (errno 22)", () -> id.resolveRoute(100));
        assertMessage("rdma_disconnect: Invalid argument (errno 22)", id::disconnect);
        assertMessage("rdma_get_local_addr: Transport endpoint is not connected (errno 107)", id::getSource);
        assertMessage("rdma_create_id: ", () -> channel.createId((short) 1));
        id.destroyId();
        channel.destroyEventChannel();
    }

    private static void assertMessage(String start, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IOException.class, call).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    @Test
    void dialingWhereNobodyListensIsRejected() throws Exception {
        RdmaEventChannel channel = RdmaEventChannel.createEventChannel();
        RdmaCmId id = channel.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, new InetSocketAddress(ADDRESS, 9), 5000);
        await(channel, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(5000);
        await(channel, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        End end = new End(id);
        id.connect(new RdmaConnParam());
        await(channel, EventType.RDMA_CM_EVENT_REJECTED);
        end.close();
        channel.destroyEventChannel();
    }
}
