/*
 * How an ensemble of three orders its slots, and how one view follows another: claims, empty slots skipped early, wedge, promise,
 * choice, staging, acceptance, decision, install; with crashes, and a coordinator per ballot. docs/model.md maps it to the code.
 *
 * A message is a fact that was said: whoever it concerns may take it at any later time, twice, or never. So delays, losses,
 * repetitions and overtaking need no channels. Indexes are stored plus one: 0 is "nothing yet".
 */

#ifndef VIEWS      /* views that carry slots, each with the election of its successor */
#define VIEWS 1
#endif
#ifndef MEMBERS    /* who lives in the first of them; a voter that does not is outside and has not its base */
#define MEMBERS 7
#endif
#ifndef INDEXES    /* slots that a member owns in a view */
#define INDEXES 2
#endif
#ifndef SLOTS      /* slots of a view that may carry data */
#define SLOTS 2
#endif
#ifndef BALLOTS    /* attempts per election; each has a coordinator of its own, they run side by side */
#define BALLOTS 2
#endif
#ifndef CRASHES    /* members of a view that may crash; processes outside do so at will */
#define CRASHES 2
#endif

#define BIT(m) (1 << (m))
#define IN(m, mask) (((mask) >> (m)) & 1)
#define SIZE(mask) (IN(0, mask) + IN(1, mask) + IN(2, mask))
#define MAJORITY 2
#define MIN_VIEW 2

#define CELL(m, k) ((m) * 3 + (k))
#define ROW(v, m, k) ((v) * 9 + (m) * 3 + (k))
#define VM(v, m) ((v) * 3 + (m))
#define VB(v, b) ((v) * BALLOTS + (b) - 1)
#define VBM(v, b, m) (VB(v, b) * 3 + (m))
#define PLACE(x, k) (((x) - 1) * 3 + (k))
#define DATA(v, x, k) ((data[v] >> PLACE(x, k)) & 1)

/* ---- the view: slots and the shared table ---- */
short data[VIEWS];           /* which places were sent with data */
byte sent[VIEWS];            /* how many */
byte claim[VIEWS * 3];       /* the claim in a member's row */
byte row[VIEWS * 9];         /* row(m)[k]: the last data slot of k that m says it has secured */
byte known[9];               /* the claim of k that counts at m */
byte received[9];            /* the last data slot of k that came to m, without a gap */
byte logged[9];              /* the last data slot of k in the log of m's disk, of the view that the disk has installed */
byte lived[VIEWS + 1];       /* the members of each view */
byte delivered[VIEWS];       /* ghost: somebody delivered all places below this one */

/* ---- processes and disks ---- */
byte installed[3];           /* the view whose base the disk holds; 255: none */
byte at[3];                  /* the newest view known to be decided: its successor is voted on */
byte live = MEMBERS;         /* processes that live in the view their disk has installed */
byte staged[VIEWS * 3];      /* values (by the ballot that made them) whose base is staged on the disk */

/* ---- the election of each view's successor ---- */
byte promised[VIEWS * 3];
byte accepted[VIEWS * 3];    /* the ballot accepted last */
byte report[VIEWS * 9];      /* frozen with the first promise */
byte phase[VIEWS * BALLOTS];
#define UNUSED 0
#define GATHER 1
#define STAGE 2
#define ACCEPT 3
#define OVER 4
byte votes[VIEWS * BALLOTS];         /* who promised ... */
byte voteLive[VIEWS * BALLOTS];      /* ... as a live member of the view ... */
byte voteHere[VIEWS * BALLOTS];      /* ... whose incarnation lives on, live or not ... */
byte voteBase[VIEWS * BALLOTS];      /* ... from a disk that holds the view's base ... */
byte voteAccepted[VIEWS * BALLOTS * 3]; /* ... and had accepted in this ballot */
byte value[VIEWS * BALLOTS];         /* the ballot that made the value proposed in this one; what follows is that value */
byte members[VIEWS * BALLOTS];
byte named[VIEWS * BALLOTS];         /* members whose incarnation lives on */
byte fromLog[VIEWS * BALLOTS];       /* members that take the base from their log: survivors, or the restart source */
byte trim[VIEWS * BALLOTS * 3];
byte tellers[VIEWS * BALLOTS];       /* who has accepted in this ballot */
byte decided[VIEWS];                 /* the first ballot in which a majority did */
#ifdef BUG_TRIM_FROM_ROWS
byte seen[VIEWS * BALLOTS * 9];      /* the table as the coordinator saw it when it began */
#endif
#ifdef BUG_TRANSFERS_DELIVERED_PART
byte stagedPart[3];
#endif

/* Scratch of one step; what must live through a choice is local to the process instead. */
hidden byte x, y, c, k, i, w, u;
hidden byte good;
hidden byte goal;

#ifndef COORDINATOR
#define COORDINATOR(b) (((b) - 1) % 3)
#endif
#define STEADY(m) (IN(m, live) && at[m] < VIEWS && promised[VM(at[m], m)] == 0)
#ifdef BUG_SECURES_AFTER_REPORT
#define RECEIVES(m) (IN(m, live) && at[m] < VIEWS)
#else
#define RECEIVES(m) STEADY(m)
#endif
#ifdef BUG_ACCEPTED_IGNORED
#define HAD_ACCEPTED(v, b, a) 0
#else
#define HAD_ACCEPTED(v, b, a) voteAccepted[VBM(v, b, a)]
#endif

#define V at[m]

#include "view.pml"
#include "voter.pml"
#include "coordinator.pml"
#include "life.pml"

/* ---- the processes ---- */

#ifdef AT_ONCE
#define NOW 1
#else
#define NOW 0
#endif
#define MAY(m) (at[m] < VIEWS)

#define STEADY_STEPS(sender) \
    :: d_step { MAY(m) && RECEIVES(m) && sender != m && received[CELL(m, sender)] < INDEXES -> receive(V, m, sender); skip } \
    :: d_step { !NOW && MAY(m) && STEADY(m) && sender != m && known[CELL(m, sender)] < claim[VM(V, sender)] -> \
        takeClaim(V, m, sender); skip } \
    :: d_step { MAY(m) && RECEIVES(m) && logged[CELL(m, sender)] < received[CELL(m, sender)] -> secure(V, m, sender); skip }

#define MAY_BEGIN(b) (phase[VB(V, b)] == UNUSED && at[COORDINATOR(b)] == V && promised[VM(V, COORDINATOR(b))] < b)

#define ELECTION_STEPS(b) \
    :: d_step { MAY(m) && promised[VM(V, m)] < b && (phase[VB(V, b)] == GATHER || MAY_BEGIN(b)) -> promise(V, m, b); skip } \
    :: d_step { MAY(m) && phase[VB(V, b)] == ACCEPT && promised[VM(V, m)] <= b && accepted[VM(V, m)] < b -> \
        accept(V, m, b); skip } \
    :: d_step { MAY(m) && phase[VB(V, b)] == STAGE && !IN(m, live) && IN(m, named[VB(V, b)]) \
        && !IN(m, fromLog[VB(V, b)]) && !IN(b, staged[VM(V, m)]) -> stage(V, b, m); skip } \
    :: atomic { MAY(m) && COORDINATOR(b) == m && phase[VB(V, b)] == GATHER && SIZE(votes[VB(V, b)]) >= MAJORITY -> \
        choose(m, b) }

/* A process outside that has promised nothing and is named nowhere has nothing to lose: its crash would change nothing. */
#define NAMED(m, b) (BALLOTS >= b && IN(m, named[VB(V, b)]))
#define MAY_LOSE(m) (promised[VM(V, m)] != 0 || NAMED(m, 1) || NAMED(m, 2) || NAMED(m, 3))
#define MAY_CRASH(m) (IN(m, live) && SIZE(lived[V] & (7 - live)) < CRASHES || !IN(m, live) && MAY_LOSE(m))

proctype Member(byte m) {
    byte s, j, q;

end:
    do
    :: d_step { MAY(m) && STEADY(m) && sent[V] < SLOTS && known[CELL(m, m)] < INDEXES -> send(V, m); skip }
    STEADY_STEPS(0)
    STEADY_STEPS(1)
    STEADY_STEPS(2)
    ELECTION_STEPS(1)
#if BALLOTS > 1
    ELECTION_STEPS(2)
#endif
#if BALLOTS > 2
    ELECTION_STEPS(3)
#endif
    :: d_step { at[m] < VIEWS - 1 && decided[V] != 0 -> learn(V, m); skip }
    :: d_step { MAY(m) && MAY_CRASH(m) -> crash(m); skip }
    od
}

init {
    d_step {
        for (i : 0 .. 2) {
            if
            :: !IN(i, MEMBERS) -> installed[i] = 255
            :: else
            fi
        }
        lived[0] = MEMBERS
    }
    atomic {
        run Member(0);
        run Member(1);
        run Member(2)
    }
}
