/*
 * Opens and closes everything the bridge can make, many times, well and badly, without a JVM, so that a leak checker sees every
 * byte: calls the bridge's methods with a small table of JNI functions of its own. Ends with 0 when nothing leaked: neither
 * memory (the address sanitizer says so at exit) nor descriptors.
 *
 *   cycles ADDRESS [ROUNDS]     ADDRESS is that of an RDMA device
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <jni.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#define NATIVE(type, name, ...) \
    extern type Java_com_ibm_disni_verbs_impl_NativeDispatcher__1##name(JNIEnv *, jobject, ##__VA_ARGS__)
#define CALL(name, ...) Java_com_ibm_disni_verbs_impl_NativeDispatcher__1##name(env, NULL, ##__VA_ARGS__)

NATIVE(jlong, createEventChannel);
NATIVE(jint, destroyEventChannel, jlong);
NATIVE(jlong, createId, jlong, jshort);
NATIVE(jint, destroyCmId, jlong);
NATIVE(jlong, createQP, jlong, jlong, jlong, jlong, jint, jint, jint, jint);
NATIVE(jint, destroyQP, jlong);
NATIVE(void, bindAddr, jlong, jlong);
NATIVE(void, listen, jlong, jint);
NATIVE(void, resolveAddr, jlong, jlong, jlong, jint);
NATIVE(void, resolveRoute, jlong, jint);
NATIVE(jint, getCmEvent, jlong, jlong, jlong, jint);
NATIVE(void, connect, jlong, jint, jint, jlong, jbyte);
NATIVE(void, accept, jlong, jint, jint);
NATIVE(jint, disconnect, jlong);
NATIVE(jlong, getContext, jlong);
NATIVE(jlong, allocPd, jlong);
NATIVE(jint, deallocPd, jlong);
NATIVE(jlong, createCompChannel, jlong);
NATIVE(jint, destroyCompChannel, jlong);
NATIVE(jlong, createCQ, jlong, jlong, jint, jint);
NATIVE(jint, destroyCQ, jlong);
NATIVE(jint, getCqEvent, jlong, jint);
NATIVE(jint, modifyQP, jlong, jlong);
NATIVE(jlong, regMr, jlong, jlong, jint, jint, jlong, jlong, jlong);
NATIVE(void, deregMr, jlong);
NATIVE(jint, queryOdpSupport, jlong);

static int raised;
static char last_message[256];

static jclass JNICALL find_class(JNIEnv *env, const char *name)
{
    (void)env;
    return (jclass)(intptr_t)(strcmp(name, "java/io/IOException") == 0 ? 1 : 2);
}

static jint JNICALL throw_new(JNIEnv *env, jclass type, const char *message)
{
    (void)env;
    if ((intptr_t)type != 1) {
        fprintf(stderr, "an exception of another class: %s\n", message);
        exit(1);
    }
    raised++;
    snprintf(last_message, sizeof last_message, "%s", message);
    return 0;
}

static void JNICALL delete_local_ref(JNIEnv *env, jobject reference)
{
    (void)env;
    (void)reference;
}

static struct JNINativeInterface_ functions = {
    .FindClass = find_class, .ThrowNew = throw_new, .DeleteLocalRef = delete_local_ref};
static const struct JNINativeInterface_ *const table = &functions;
static JNIEnv *const env = (JNIEnv *)&table;

static void check(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "cycles: %s failed; last error: %s\n", what, last_message);
        exit(1);
    }
}

static void well(const char *what)
{
    check(raised == 0, what);
}

static void badly(const char *what, const char *text)
{
    check(raised == 1 && strstr(last_message, text) != NULL, what);
    raised = 0;
}

static jlong address(const char *host, int port, struct sockaddr_in *into)
{
    memset(into, 0, sizeof *into);
    into->sin_family = AF_INET;
    into->sin_port = htons((uint16_t)port);
    check(inet_pton(AF_INET, host, &into->sin_addr) == 1, "the address");
    return (jlong)(intptr_t)into;
}

static void await(jlong channel, int wanted, jlong *id)
{
    int64_t listener = 0;
    int64_t subject = 0;
    jint event = CALL(getCmEvent, channel, (jlong)(intptr_t)&listener, (jlong)(intptr_t)&subject, 10000);

    if (event != wanted) {
        fprintf(stderr, "cycles: event %d instead of %d\n", event, wanted);
        exit(1);
    }
    *id = subject;
}

struct end {
    jlong id, pd, completions, cq, qp, region;
};

static char memory[8192];

static void open_end(struct end *end)
{
    uint32_t keys[3];
    jlong context = CALL(getContext, end->id);

    end->pd = CALL(allocPd, context);
    end->completions = CALL(createCompChannel, context);
    end->cq = CALL(createCQ, context, end->completions, 16, 0);
    end->qp = CALL(createQP, end->id, end->pd, end->cq, end->cq, IBV_QPT_RC, 8, 8, 64);
    end->region = CALL(regMr, end->pd, (jlong)(intptr_t)memory, sizeof memory, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE,
        (jlong)(intptr_t)&keys[0], (jlong)(intptr_t)&keys[1], (jlong)(intptr_t)&keys[2]);
    CALL(queryOdpSupport, context);
    well("to open an end");
    check(CALL(getCqEvent, end->completions, 1) == -1, "a wait without an event");
    well("a wait without an event");
}

static void refuse(struct end *end)
{
    uint32_t keys[3];
    jlong out = (jlong)(intptr_t)keys;
    jlong context = CALL(getContext, end->id);

    CALL(createQP, end->id, end->pd, end->cq, end->cq, IBV_QPT_RC, 1 << 30, 8, 64);
    badly("too many requests", "rdma_create_qp: ");
    CALL(createCQ, context, end->completions, 1 << 30, 0);
    badly("too many completions", "ibv_create_cq: ");
    CALL(regMr, end->pd, 0x1000, 4096, IBV_ACCESS_LOCAL_WRITE, out, out, out);
    badly("memory that is not there", "ibv_reg_mr: Bad address (errno 14)");
    CALL(modifyQP, end->qp, 1);
    badly("attributes", "ibv_modify_qp: Invalid argument (errno 22)");
    CALL(deallocPd, end->pd);
    badly("a domain in use", "ibv_dealloc_pd: Device or resource busy");
    CALL(destroyCmId, 0);
    badly("no id", "rdma_destroy_id: Invalid argument");
}

static void close_end(struct end *end)
{
    CALL(modifyQP, end->qp, 0);
    CALL(destroyQP, end->id);
    CALL(deregMr, end->region);
    CALL(destroyCQ, end->cq);
    CALL(destroyCompChannel, end->completions);
    CALL(deallocPd, end->pd);
    CALL(destroyCmId, end->id);
    well("to close an end");
}

static void cycle(const char *host, int port)
{
    struct sockaddr_in to;
    struct end dialer = {0};
    struct end taker = {0};
    jlong subject;
    jlong channel = CALL(createEventChannel);
    jlong listener = CALL(createId, channel, RDMA_PS_TCP);

    CALL(bindAddr, listener, address("192.0.2.1", port, &to));
    badly("an address of nobody", "rdma_bind_addr: ");
    CALL(bindAddr, listener, address(host, port, &to));
    CALL(listen, listener, 4);
    dialer.id = CALL(createId, channel, RDMA_PS_TCP);
    well("to listen");
    CALL(getContext, dialer.id);
    badly("an id without a device", "No such device");
    CALL(resolveAddr, dialer.id, 0, (jlong)(intptr_t)&to, 2000);
    await(channel, RDMA_CM_EVENT_ADDR_RESOLVED, &subject);
    CALL(resolveRoute, dialer.id, 2000);
    await(channel, RDMA_CM_EVENT_ROUTE_RESOLVED, &subject);
    open_end(&dialer);
    CALL(connect, dialer.id, 5, 5, 0, 0);
    await(channel, RDMA_CM_EVENT_CONNECT_REQUEST, &taker.id);
    open_end(&taker);
    refuse(&taker);
    CALL(accept, taker.id, 5, 5);
    await(channel, RDMA_CM_EVENT_ESTABLISHED, &subject);
    await(channel, RDMA_CM_EVENT_ESTABLISHED, &subject);
    CALL(disconnect, dialer.id);
    await(channel, RDMA_CM_EVENT_DISCONNECTED, &subject);
    close_end(&taker);
    close_end(&dialer);
    CALL(destroyCmId, listener);
    CALL(destroyEventChannel, channel);
    well("a cycle");
}

static int descriptors(void)
{
    int count = 0;
    DIR *open = opendir("/proc/self/fd");

    check(open != NULL, "/proc/self/fd");
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

int main(int count, char **arguments)
{
    int rounds = count > 2 ? atoi(arguments[2]) : 20;
    int before;

    check(count > 1, "an address");
    cycle(arguments[1], 7471); /* the libraries open the devices once, and keep them */
    before = descriptors();
    for (int i = 0; i < rounds; i++) {
        cycle(arguments[1], 7472 + i);
    }
    check(descriptors() == before, "closing every descriptor");
    printf("cycles: %d rounds, %d descriptors before and after\n", rounds, before);
    return 0;
}
