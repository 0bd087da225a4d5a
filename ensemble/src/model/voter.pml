/* Steps of a voter: promise, accept; and what is checked of a decision. Included by lockstep.pml. */

/* What must be reachable, or the checks above are empty: a search for each of these must find it. */
#ifdef GOAL_JOINER
#define GOAL (delivered[v] > 1 && members[VB(v, b)] != fromLog[VB(v, b)] && IN(COORDINATOR(b), live))
#endif
#ifdef GOAL_RESTART
#define GOAL (delivered[v] > 1 && (fromLog[VB(v, b)] & live) == 0 && (live & lived[v]) == 0)
#endif
#ifdef GOAL_PROPOSED_AGAIN
#define GOAL (delivered[v] > 1 && value[VB(v, b)] != b)
#endif
#ifdef GOAL_LAST_VIEW
#define GOAL (v == VIEWS - 1 && delivered[0] > 0 && delivered[VIEWS - 1] > 0 && SIZE(live) < 3)
#endif
#ifdef GOAL_CUT
#define ABOVE_TRIM(m) (IN(m, live) && logged[CELL(m, m)] > trim[VBM(v, b, m)])
#define GOAL (delivered[v] > 0 && (ABOVE_TRIM(0) || ABOVE_TRIM(1)))
#endif

inline checkLog(v, b, m) {
    if
    :: IN(value[VB(v, b)], staged[VM(v, m)]) ->
#ifdef BUG_TRANSFERS_DELIVERED_PART
        assert(!IN(value[VB(v, b)], stagedPart[m]))
#else
        skip
#endif
    :: else ->
        for (k : 0 .. 2) {
            assert(logged[CELL(m, k)] >= trim[VBM(v, b, k)])
        }
    fi
}

/* Wedge, put everything on the medium, freeze the report, store the promise: only then is the prepare answered. */
inline promise(v, m, b) {
    if
    :: phase[VB(v, b)] == UNUSED -> begin(v, b)
    :: else
    fi;
    if
    :: promised[VM(v, m)] == 0 && installed[m] == v ->
        for (k : 0 .. 2) {
            if
            :: IN(m, live) ->
                logged[CELL(m, k)] = received[CELL(m, k)];
#ifndef BUG_SECURES_AFTER_REPORT
                if
                :: k != m -> known[CELL(m, k)] = 0 /* from here on claims are read off the rows: see sweep */
                :: else
                fi
#endif
            :: else
            fi;
            report[ROW(v, m, k)] = logged[CELL(m, k)]
        }
    :: else
    fi;
    promised[VM(v, m)] = b;
    if
    :: phase[VB(v, b)] == GATHER ->
        votes[VB(v, b)] = votes[VB(v, b)] | BIT(m);
        voteHere[VB(v, b)] = voteHere[VB(v, b)] | BIT(m);
        voteAccepted[VBM(v, b, m)] = accepted[VM(v, m)];
        if
        :: installed[m] == v -> voteBase[VB(v, b)] = voteBase[VB(v, b)] | BIT(m)
        :: else
        fi;
        if
        :: installed[m] == v && IN(m, live) ->
            voteLive[VB(v, b)] = voteLive[VB(v, b)] | BIT(m)
        :: else
        fi
    :: else
    fi;
    deliver(v)
}

inline accept(v, m, b) {
    if
    :: promised[VM(v, m)] < b -> promise(v, m, b) /* whoever accepts has sealed the view before */
    :: else
    fi;
    accepted[VM(v, m)] = b;
    tellers[VB(v, b)] = tellers[VB(v, b)] | BIT(m);
    if
#ifdef BUG_DECIDES_BY_ONE
    :: true ->
#else
    :: SIZE(tellers[VB(v, b)]) >= MAJORITY ->
#endif
        assert(decided[v] == 0 || value[VB(v, decided[v])] == value[VB(v, b)]); /* no two successors */
        if
        :: decided[v] == 0 ->
            decided[v] = b;
            lived[v + 1] = members[VB(v, b)];
            checkDecision(v, b)
        :: else
        fi
    :: else
    fi
}

/* Nothing delivered is lost; every member's disk holds the base; the view is large enough. */
inline checkDecision(v, b) {
    for (k : 0 .. 2) {
        for (x : 1 .. INDEXES) {
            assert(!(DATA(v, x, k) && PLACE(x, k) < delivered[v]) || x <= trim[VBM(v, b, k)])
        }
    }
    for (i : 0 .. 2) {
        if
        :: IN(i, members[VB(v, b)]) ->
            assert(IN(value[VB(v, b)], staged[VM(v, i)]) || IN(i, fromLog[VB(v, b)]) && installed[i] == v);
            assert(!IN(i, named[VB(v, b)]) || !IN(i, live) || promised[VM(v, i)] != 0); /* a survivor reported, so it is wedged */
            checkLog(v, b, i)
        :: else
        fi
    }
    assert(SIZE(members[VB(v, b)]) >= MIN_VIEW);
#ifdef GOAL
    goal = GOAL;
    assert(goal == 0)
#endif
}
