/*
 * What com.ibm.disni.verbs.impl.NativeDispatcher of DiSNI 2.1 declares native, over librdmacm and libibverbs.
 *
 * Handles are the libraries' own pointers, carried in Java longs; 0 is never one, and is answered with EINVAL. Whoever made an
 * object on the Java side ends it there, once: DiSNI's isOpen() guards see to that.
 *
 * Errors. A call that fails raises java.io.IOException "<call>: <text of errno> (errno <n>)", also from the methods that DiSNI
 * declares without one, and leaves nothing behind. A wait that runs out of time is no error: it answers -1.
 *
 * Threads. Verbs may be called from any thread. One thread at a time waits on one channel; no channel may be destroyed while
 * somebody waits on it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jni.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

/* The version of the interface that DiSNI 2.1 asks for. */
enum { INTERFACE_VERSION = 32 };
/* Scatter and gather elements of one request: DiSNI has no parameter for them, and this many every device has. */
enum { ELEMENTS_PER_REQUEST = 2 };
enum { NO_EVENT = -1 };

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_com_ibm_disni_verbs_impl_NativeDispatcher__1##name
#define POINTER(type, handle) ((type *)(intptr_t)(handle))
/* Begins a method: `call` is what errors name, `target` the object of the handle; without one the method answers `otherwise`. */
#define BEGIN(type, name, handle, otherwise)      \
    static const char call[] = name;              \
    type *target = object(env, call, handle);     \
    (void)self;                                   \
    if (target == NULL) {                         \
        return otherwise;                         \
    }

/* The same for an id that must have a device. */
#define BEGIN_WITH_DEVICE(name, handle, otherwise)                       \
    static const char call[] = name;                                     \
    struct rdma_cm_id *target = id_with_device(env, call, handle);       \
    (void)self;                                                          \
    if (target == NULL) {                                                \
        return otherwise;                                                \
    }

static void fail(JNIEnv *env, const char *call, int error)
{
    char buffer[128];
    char message[256];
    jclass type = (*env)->FindClass(env, "java/io/IOException");

    if (type == NULL) {
        return; /* FindClass has raised an error of its own */
    }
    snprintf(message, sizeof message, "%s: %s (errno %d)", call, strerror_r(error, buffer, sizeof buffer), error);
    (*env)->ThrowNew(env, type, message);
    (*env)->DeleteLocalRef(env, type);
}

/* For calls that answer -1 and set errno. True when the call went well. */
static int went_well(JNIEnv *env, const char *call, int result)
{
    if (result == 0) {
        return 1;
    }
    fail(env, call, errno);
    return 0;
}

/* For calls that answer the error itself; some providers answer it negative, or -1 with errno. */
static int no_error(JNIEnv *env, const char *call, int error)
{
    if (error == 0) {
        return 1;
    }
    fail(env, call, error == -1 ? errno : error < 0 ? -error : error);
    return 0;
}

/* The object of a handle; NULL, with an exception raised, for 0. */
static void *object(JNIEnv *env, const char *call, jlong handle)
{
    if (handle == 0) {
        fail(env, call, EINVAL);
    }
    return (void *)(intptr_t)handle;
}

/* As object, for calls that the libraries carry out on an id's device without asking whether it has one: if not, EINVAL. */
static struct rdma_cm_id *id_with_device(JNIEnv *env, const char *call, jlong handle)
{
    struct rdma_cm_id *id = object(env, call, handle);

    if (id != NULL && id->verbs == NULL) {
        fail(env, call, EINVAL);
        return NULL;
    }
    return id;
}

static jlong handle_of(JNIEnv *env, const char *call, void *made)
{
    if (made == NULL) {
        fail(env, call, errno == 0 ? ENOMEM : errno);
    }
    return (jlong)(intptr_t)made;
}

static int64_t now_millis(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 when there is something to read, 0 when the time has run out, -1 with errno. timeout_millis < 0 waits for ever. */
static int wait_readable(int fd, int64_t deadline_millis, int timeout_millis)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left = timeout_millis < 0 ? -1 : deadline_millis - now_millis();
        int ready = poll(&entry, 1, timeout_millis < 0 ? -1 : left < 0 ? 0 : (int)left);

        if (ready >= 0) {
            return ready;
        }
        if (errno != EINTR) {
            return -1;
        }
    }
}

/* Several may look for one event: who comes too late must not block, but go back to waiting. */
static int make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * Lets System.loadLibrary("disni") find this library without a library path. The JVM takes a library for linked into the process
 * when it finds its JNI_OnLoad_<name> among the process's symbols; JNI_OnLoad puts this library's symbols there. (A library path
 * could be set only at the start of the JVM, and a copy of DiSNI's class only by order of the class path.)
 */
JNIEXPORT jint JNICALL JNI_OnLoad_disni(JavaVM *vm, void *reserved)
{
    (void)vm;
    (void)reserved;
    return JNI_VERSION_1_8;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    Dl_info self;

    (void)vm;
    (void)reserved;
    /* The handle is kept on purpose: the symbols stay as long as the process. */
    if (dladdr((void *)(intptr_t)JNI_OnLoad_disni, &self) == 0
        || dlopen(self.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD) == NULL) {
        return JNI_ERR;
    }
    return JNI_VERSION_1_8;
}

/* ---- connection manager ---- */

NATIVE(jlong, createEventChannel)(JNIEnv *env, jobject self)
{
    struct rdma_event_channel *channel = rdma_create_event_channel();

    (void)self;
    if (channel != NULL && make_nonblocking(channel->fd) != 0) {
        fail(env, "fcntl(event channel)", errno);
        rdma_destroy_event_channel(channel);
        return 0;
    }
    return handle_of(env, "rdma_create_event_channel", channel);
}

NATIVE(jint, destroyEventChannel)(JNIEnv *env, jobject self, jlong channel)
{
    BEGIN(struct rdma_event_channel, "rdma_destroy_event_channel", channel, -1)
    rdma_destroy_event_channel(target);
    return 0;
}

NATIVE(jlong, createId)(JNIEnv *env, jobject self, jlong channel, jshort port_space)
{
    struct rdma_cm_id *id = NULL;

    BEGIN(struct rdma_event_channel, "rdma_create_id", channel, 0)
    return went_well(env, call, rdma_create_id(target, &id, NULL, (enum rdma_port_space)port_space)) ? (jlong)(intptr_t)id : 0;
}

NATIVE(jint, destroyCmId)(JNIEnv *env, jobject self, jlong id)
{
    BEGIN(struct rdma_cm_id, "rdma_destroy_id", id, -1)
    return went_well(env, call, rdma_destroy_id(target)) ? 0 : -1;
}

NATIVE(jint, destroyEp)(JNIEnv *env, jobject self, jlong id)
{
    BEGIN(struct rdma_cm_id, "rdma_destroy_ep", id, -1)
    rdma_destroy_ep(target);
    return 0;
}

NATIVE(jlong, createQP)(JNIEnv *env, jobject self, jlong id, jlong pd, jlong send_cq, jlong recv_cq, jint type, jint send_max,
    jint recv_max, jint inline_max)
{
    struct ibv_qp_init_attr wanted;

    BEGIN_WITH_DEVICE("rdma_create_qp", id, 0)
    memset(&wanted, 0, sizeof wanted);
    wanted.send_cq = POINTER(struct ibv_cq, send_cq);
    wanted.recv_cq = POINTER(struct ibv_cq, recv_cq);
    wanted.qp_type = (enum ibv_qp_type)type;
    wanted.cap.max_send_wr = (uint32_t)send_max;
    wanted.cap.max_recv_wr = (uint32_t)recv_max;
    wanted.cap.max_inline_data = (uint32_t)inline_max;
    wanted.cap.max_send_sge = ELEMENTS_PER_REQUEST;
    wanted.cap.max_recv_sge = ELEMENTS_PER_REQUEST;
    if (!went_well(env, call, rdma_create_qp(target, POINTER(struct ibv_pd, pd), &wanted))) {
        return 0;
    }
    return (jlong)(intptr_t)target->qp;
}

NATIVE(jint, destroyQP)(JNIEnv *env, jobject self, jlong id)
{
    BEGIN(struct rdma_cm_id, "rdma_destroy_qp", id, -1)
    if (target->qp == NULL) {
        fail(env, call, EINVAL);
        return -1;
    }
    rdma_destroy_qp(target);
    return 0;
}

NATIVE(void, bindAddr)(JNIEnv *env, jobject self, jlong id, jlong address)
{
    BEGIN(struct rdma_cm_id, "rdma_bind_addr", id, )
    went_well(env, call, rdma_bind_addr(target, POINTER(struct sockaddr, address)));
}

NATIVE(void, listen)(JNIEnv *env, jobject self, jlong id, jint backlog)
{
    BEGIN(struct rdma_cm_id, "rdma_listen", id, )
    went_well(env, call, rdma_listen(target, backlog));
}

NATIVE(void, resolveAddr)(JNIEnv *env, jobject self, jlong id, jlong from, jlong to, jint timeout_millis)
{
    BEGIN(struct rdma_cm_id, "rdma_resolve_addr", id, )
    went_well(env, call, rdma_resolve_addr(target, POINTER(struct sockaddr, from), POINTER(struct sockaddr, to), timeout_millis));
}

NATIVE(void, resolveRoute)(JNIEnv *env, jobject self, jlong id, jint timeout_millis)
{
    BEGIN_WITH_DEVICE("rdma_resolve_route", id, )
    went_well(env, call, rdma_resolve_route(target, timeout_millis));
}

/*
 * DiSNI hands back only the number of an event, never the event: so it is acknowledged here. What the event carries besides its
 * ids (private data, a reason) is lost to the Java side.
 */
NATIVE(jint, getCmEvent)(JNIEnv *env, jobject self, jlong channel, jlong listener_out, jlong id_out, jint timeout_millis)
{
    int64_t deadline_millis = now_millis() + timeout_millis;
    struct rdma_cm_event *event = NULL;
    int64_t ids[2];
    int kind;

    BEGIN(struct rdma_event_channel, "rdma_get_cm_event", channel, NO_EVENT)
    while (rdma_get_cm_event(target, &event) != 0) {
        int ready = errno == EAGAIN || errno == EINTR ? wait_readable(target->fd, deadline_millis, timeout_millis) : -1;

        if (ready <= 0) {
            went_well(env, call, ready);
            return NO_EVENT;
        }
    }
    kind = event->event;
    ids[0] = (int64_t)(intptr_t)event->listen_id;
    ids[1] = (int64_t)(intptr_t)event->id;
    if (!went_well(env, "rdma_ack_cm_event", rdma_ack_cm_event(event))) {
        return NO_EVENT;
    }
    memcpy(POINTER(void, listener_out), &ids[0], sizeof ids[0]);
    memcpy(POINTER(void, id_out), &ids[1], sizeof ids[1]);
    return kind;
}

NATIVE(jint, ackCmEvent)(JNIEnv *env, jobject self, jint event)
{
    (void)env;
    (void)self;
    (void)event;
    return 0; /* getCmEvent did */
}

static struct rdma_conn_param connection(jint retries, jint receiver_retries)
{
    struct rdma_conn_param wanted;

    memset(&wanted, 0, sizeof wanted);
    wanted.responder_resources = RDMA_MAX_RESP_RES;
    wanted.initiator_depth = RDMA_MAX_INIT_DEPTH;
    wanted.retry_count = (uint8_t)retries;
    wanted.rnr_retry_count = (uint8_t)receiver_retries;
    return wanted;
}

NATIVE(void, connect)(JNIEnv *env, jobject self, jlong id, jint retries, jint receiver_retries, jlong data, jbyte data_length)
{
    struct rdma_conn_param wanted = connection(retries, receiver_retries);

    BEGIN_WITH_DEVICE("rdma_connect", id, )
    if (data != 0) {
        wanted.private_data = POINTER(void, data);
        wanted.private_data_len = (uint8_t)data_length;
    }
    went_well(env, call, rdma_connect(target, &wanted));
}

NATIVE(void, accept)(JNIEnv *env, jobject self, jlong id, jint retries, jint receiver_retries)
{
    struct rdma_conn_param wanted = connection(retries, receiver_retries);

    BEGIN_WITH_DEVICE("rdma_accept", id, )
    went_well(env, call, rdma_accept(target, &wanted));
}

NATIVE(jint, disconnect)(JNIEnv *env, jobject self, jlong id)
{
    BEGIN_WITH_DEVICE("rdma_disconnect", id, -1)
    return went_well(env, call, rdma_disconnect(target)) ? 0 : -1;
}

static jint copy_address(JNIEnv *env, const char *call, const struct sockaddr *from, jlong to)
{
    if (from->sa_family != AF_INET) { /* not bound or connected; or IPv6, which DiSNI does not know */
        fail(env, call, from->sa_family == AF_UNSPEC ? ENOTCONN : EAFNOSUPPORT);
        return -1;
    }
    memcpy(POINTER(void, to), from, sizeof(struct sockaddr_in));
    return 0;
}

NATIVE(jint, getSrcAddr)(JNIEnv *env, jobject self, jlong id, jlong to)
{
    BEGIN(struct rdma_cm_id, "rdma_get_local_addr", id, -1)
    return copy_address(env, call, rdma_get_local_addr(target), to);
}

NATIVE(jint, getDstAddr)(JNIEnv *env, jobject self, jlong id, jlong to)
{
    BEGIN(struct rdma_cm_id, "rdma_get_peer_addr", id, -1)
    return copy_address(env, call, rdma_get_peer_addr(target), to);
}

NATIVE(jlong, getContext)(JNIEnv *env, jobject self, jlong id)
{
    BEGIN(struct rdma_cm_id, "device of an id", id, 0)
    errno = ENODEV; /* an id has a device once it is bound to the address of one, or has resolved a peer's */
    return handle_of(env, call, target->verbs);
}

/* ---- verbs ---- */

NATIVE(jint, getContextFd)(JNIEnv *env, jobject self, jlong context)
{
    BEGIN(struct ibv_context, "descriptor of a device", context, -1)
    return target->cmd_fd;
}

NATIVE(jint, getContextNumCompVectors)(JNIEnv *env, jobject self, jlong context)
{
    BEGIN(struct ibv_context, "completion vectors of a device", context, -1)
    return target->num_comp_vectors;
}

/* What the device can page in on demand for reliable connections: a set of ibv_odp_transport_cap_bits, 0 for nothing. */
NATIVE(jint, queryOdpSupport)(JNIEnv *env, jobject self, jlong context)
{
    struct ibv_device_attr_ex attributes;

    BEGIN(struct ibv_context, "ibv_query_device_ex", context, 0)
    memset(&attributes, 0, sizeof attributes);
    if (!no_error(env, call, ibv_query_device_ex(target, NULL, &attributes))) {
        return 0;
    }
    return (attributes.odp_caps.general_caps & IBV_ODP_SUPPORT) == 0 ? 0
        : (jint)attributes.odp_caps.per_transport_caps.rc_odp_caps;
}

NATIVE(jlong, allocPd)(JNIEnv *env, jobject self, jlong context)
{
    BEGIN(struct ibv_context, "ibv_alloc_pd", context, 0)
    return handle_of(env, call, ibv_alloc_pd(target));
}

NATIVE(jint, deallocPd)(JNIEnv *env, jobject self, jlong pd)
{
    BEGIN(struct ibv_pd, "ibv_dealloc_pd", pd, -1)
    return no_error(env, call, ibv_dealloc_pd(target)) ? 0 : -1;
}

NATIVE(jint, getPdHandle)(JNIEnv *env, jobject self, jlong pd)
{
    BEGIN(struct ibv_pd, "handle of a protection domain", pd, -1)
    return (jint)target->handle;
}

NATIVE(jlong, createCompChannel)(JNIEnv *env, jobject self, jlong context)
{
    struct ibv_comp_channel *channel;

    BEGIN(struct ibv_context, "ibv_create_comp_channel", context, 0)
    channel = ibv_create_comp_channel(target);
    if (channel != NULL && make_nonblocking(channel->fd) != 0) {
        fail(env, "fcntl(completion channel)", errno);
        ibv_destroy_comp_channel(channel);
        return 0;
    }
    return handle_of(env, call, channel);
}

NATIVE(jint, destroyCompChannel)(JNIEnv *env, jobject self, jlong channel)
{
    BEGIN(struct ibv_comp_channel, "ibv_destroy_comp_channel", channel, -1)
    return no_error(env, call, ibv_destroy_comp_channel(target)) ? 0 : -1;
}

NATIVE(jlong, createCQ)(JNIEnv *env, jobject self, jlong context, jlong channel, jint entries, jint vector)
{
    BEGIN(struct ibv_context, "ibv_create_cq", context, 0)
    return handle_of(env, call, ibv_create_cq(target, entries, NULL, POINTER(struct ibv_comp_channel, channel), vector));
}

NATIVE(jint, destroyCQ)(JNIEnv *env, jobject self, jlong cq)
{
    BEGIN(struct ibv_cq, "ibv_destroy_cq", cq, -1)
    return no_error(env, call, ibv_destroy_cq(target)) ? 0 : -1;
}

/* 0 for an event, which ackCqEvent must acknowledge later; -1 when the time has run out. */
NATIVE(jint, getCqEvent)(JNIEnv *env, jobject self, jlong channel, jint timeout_millis)
{
    int64_t deadline_millis = now_millis() + timeout_millis;
    struct ibv_cq *cq;
    void *context;

    BEGIN(struct ibv_comp_channel, "ibv_get_cq_event", channel, NO_EVENT)
    while (ibv_get_cq_event(target, &cq, &context) != 0) {
        int ready = errno == EAGAIN || errno == EINTR ? wait_readable(target->fd, deadline_millis, timeout_millis) : -1;

        if (ready <= 0) {
            went_well(env, call, ready);
            return NO_EVENT;
        }
    }
    return 0;
}

NATIVE(jint, ackCqEvent)(JNIEnv *env, jobject self, jlong cq, jint events)
{
    BEGIN(struct ibv_cq, "ibv_ack_cq_events", cq, -1)
    ibv_ack_cq_events(target, (unsigned int)events);
    return 0;
}

NATIVE(jint, reqNotifyCQ)(JNIEnv *env, jobject self, jlong cq, jint solicited_only)
{
    BEGIN(struct ibv_cq, "ibv_req_notify_cq", cq, -1)
    return no_error(env, call, ibv_req_notify_cq(target, solicited_only)) ? 0 : -1;
}

NATIVE(jint, pollCQ)(JNIEnv *env, jobject self, jlong cq, jint count_max, jlong completions)
{
    int polled;

    BEGIN(struct ibv_cq, "ibv_poll_cq", cq, -1)
    polled = ibv_poll_cq(target, count_max, POINTER(struct ibv_wc, completions));
    if (polled < 0) {
        fail(env, call, EIO); /* the call says no more than that it failed */
    }
    return polled;
}

/* DiSNI passes no attributes. The one use of the call without any is to stop a queue pair: it goes to the error state. */
NATIVE(jint, modifyQP)(JNIEnv *env, jobject self, jlong qp, jlong attributes)
{
    struct ibv_qp_attr wanted;

    BEGIN(struct ibv_qp, "ibv_modify_qp", qp, -1)
    if (attributes != 0) {
        fail(env, call, EINVAL);
        return -1;
    }
    memset(&wanted, 0, sizeof wanted);
    wanted.qp_state = IBV_QPS_ERR;
    return no_error(env, call, ibv_modify_qp(target, &wanted, IBV_QP_STATE)) ? 0 : -1;
}

NATIVE(jint, getQpNum)(JNIEnv *env, jobject self, jlong qp)
{
    BEGIN(struct ibv_qp, "number of a queue pair", qp, -1)
    return (jint)target->qp_num;
}

NATIVE(jlong, regMr)(JNIEnv *env, jobject self, jlong pd, jlong address, jint length, jint access, jlong lkey_out, jlong rkey_out,
    jlong handle_out)
{
    struct ibv_mr *region;

    BEGIN(struct ibv_pd, "ibv_reg_mr", pd, 0)
    region = ibv_reg_mr(target, POINTER(void, address), (size_t)(uint32_t)length, access);
    if (region != NULL) {
        memcpy(POINTER(void, lkey_out), &region->lkey, sizeof region->lkey);
        memcpy(POINTER(void, rkey_out), &region->rkey, sizeof region->rkey);
        memcpy(POINTER(void, handle_out), &region->handle, sizeof region->handle);
    }
    return handle_of(env, call, region);
}

NATIVE(void, deregMr)(JNIEnv *env, jobject self, jlong region)
{
    BEGIN(struct ibv_mr, "ibv_dereg_mr", region, )
    no_error(env, call, ibv_dereg_mr(target));
}

NATIVE(jint, expPrefetchMr)(JNIEnv *env, jobject self, jlong region, jlong address, jint length)
{
    struct ibv_sge part;

    BEGIN(struct ibv_mr, "ibv_advise_mr", region, -1)
    part = (struct ibv_sge){.addr = (uint64_t)address, .length = (uint32_t)length, .lkey = target->lkey};
    return no_error(env, call, ibv_advise_mr(target->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH, &part, 1))
        ? 0 : -1;
}

NATIVE(void, postSend)(JNIEnv *env, jobject self, jlong qp, jlong requests)
{
    struct ibv_send_wr *bad;

    BEGIN(struct ibv_qp, "ibv_post_send", qp, )
    no_error(env, call, ibv_post_send(target, POINTER(struct ibv_send_wr, requests), &bad));
}

NATIVE(void, postRecv)(JNIEnv *env, jobject self, jlong qp, jlong requests)
{
    struct ibv_recv_wr *bad;

    BEGIN(struct ibv_qp, "ibv_post_recv", qp, )
    no_error(env, call, ibv_post_recv(target, POINTER(struct ibv_recv_wr, requests), &bad));
}

/* ---- the shape of the structures that the Java side writes and reads ---- */

#define SHAPE(name, value)                            \
    NATIVE(jint, name)(JNIEnv *env, jobject self)     \
    {                                                 \
        (void)env;                                    \
        (void)self;                                   \
        return (jint)(value);                         \
    }

SHAPE(getVersion, INTERFACE_VERSION)
SHAPE(getSockAddrInSize, sizeof(struct sockaddr_in))
SHAPE(getIbvSendWRSize, sizeof(struct ibv_send_wr))
SHAPE(getIbvRecvWRSize, sizeof(struct ibv_recv_wr))
SHAPE(getIbvSgeSize, sizeof(struct ibv_sge))
SHAPE(getIbvWCSize, sizeof(struct ibv_wc))
SHAPE(getRemoteAddressOffset, offsetof(struct ibv_send_wr, wr.rdma.remote_addr))
SHAPE(getRKeyOffset, offsetof(struct ibv_send_wr, wr.rdma.rkey))
