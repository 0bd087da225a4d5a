/* How a process comes into a view and out of it: stage, install, be excluded, crash. Included by lockstep.pml. */

inline stage(v, b, m) {
#ifdef BUG_STAGING_REPLACES
    staged[VM(v, m)] = BIT(b);
#else
    staged[VM(v, m)] = staged[VM(v, m)] | BIT(b);
#endif
#ifdef BUG_TRANSFERS_DELIVERED_PART
    for (k : 0 .. 2) {
        for (x : 1 .. INDEXES) {
            if
            :: DATA(v, x, k) && x <= trim[VBM(v, b, k)] && PLACE(x, k) >= delivered[v] -> stagedPart[m] = stagedPart[m] | BIT(b)
            :: else
            fi
        }
    }
#endif
    allStaged(v, b)
}

/* The decision is heard: whoever it names and can have the base installs it; a live member it does not name is excluded. */
inline learn(v, m) {
    if
    :: IN(m, members[VB(v, decided[v])]) && (!IN(m, live) || IN(m, named[VB(v, decided[v])])) ->
        checkLog(v, decided[v], m);
#ifdef BUG_KEEPS_SLOTS_ABOVE_TRIM
        for (k : 0 .. 2) {
            assert(IN(value[VB(v, decided[v])], staged[VM(v, m)]) || logged[CELL(m, k)] <= trim[VBM(v, decided[v], k)])
        }
#endif
        installed[m] = v + 1;
        live = (live & (7 - BIT(m))) | (BIT(m) & named[VB(v, decided[v])]);
        clearLog(m);
        giveUp(m, v);
        forgetMemory(m);
        at[m] = v + 1;
        for (k : 0 .. (VIEWS - 1)) {
            staged[VM(k, m)] = 0
        }
    :: else ->
        if
        :: IN(m, live) -> gone(m) /* comes back as another incarnation, which may have to hear of the decision again */
        :: else -> giveUp(m, v); at[m] = v + 1
        fi
    fi
}

inline clearLog(m) {
    for (k : 0 .. 2) {
        logged[CELL(m, k)] = 0
    }
}

inline forgetMemory(m) {
    for (k : 0 .. 2) {
        known[CELL(m, k)] = 0;
        received[CELL(m, k)] = 0
    }
}

/* The incarnation ends; the disk stays. */
inline gone(m) {
    live = live & (7 - BIT(m));
    forgetMemory(m);
    for (w : 0 .. (VIEWS - 1)) {
        giveUp(m, w);
        for (u : 1 .. BALLOTS) {
            voteHere[VB(w, u)] = voteHere[VB(w, u)] & (7 - BIT(m));
            named[VB(w, u)] = named[VB(w, u)] & (7 - BIT(m))
        }
    }
}

/* Own attempts end; what was sent to be accepted is on its way. */
inline giveUp(m, v) {
    for (u : 1 .. BALLOTS) {
        if
        :: COORDINATOR(u) == m && (phase[VB(v, u)] == GATHER || phase[VB(v, u)] == STAGE) ->
            phase[VB(v, u)] = OVER;
            forgetVotes(v, u);
            forgetValue(v, u)
        :: else
        fi
    }
}

inline forgetValue(v, b) {
    value[VB(v, b)] = 0;
    members[VB(v, b)] = 0;
    named[VB(v, b)] = 0;
    fromLog[VB(v, b)] = 0;
    for (i : 0 .. 2) {
        trim[VBM(v, b, i)] = 0
    }
}

inline crash(m) {
    gone(m);
#ifdef BUG_PROMISE_NOT_STORED
    promised[VM(at[m], m)] = accepted[VM(at[m], m)];
#endif
#ifdef BUG_ACCEPT_NOT_STORED
    accepted[VM(at[m], m)] = 0;
#endif
#ifdef BUG_VOTES_FORGOTTEN
    promised[VM(at[m], m)] = 0;
    accepted[VM(at[m], m)] = 0;
#endif
    if
    :: promised[VM(at[m], m)] == 0 -> at[m] = (installed[m] == 255 -> 0 : installed[m])
    :: else
    fi
}
