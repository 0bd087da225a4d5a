/* Steps of a coordinator: gather promises, choose, have joiners staged, propose. Included by lockstep.pml. */

inline begin(v, b) {
    phase[VB(v, b)] = GATHER;
#ifdef BUG_TRIM_FROM_ROWS
    for (k : 0 .. 8) {
        seen[VB(v, b) * 9 + k] = row[ROW(v, 0, k)]
    }
#endif
}

/* s := the voters of b whose accepted ballot is at most q */
inline votersUpTo(v, b, most) {
    s = 0;
    for (i : 0 .. 2) {
        if
        :: IN(i, votes[VB(v, b)]) && HAD_ACCEPTED(v, b, i) <= most -> s = s | BIT(i)
        :: else
        fi
    }
}

inline forgetVotes(v, b) {
    votes[VB(v, b)] = 0;
    voteLive[VB(v, b)] = 0;
    voteHere[VB(v, b)] = 0;
    voteBase[VB(v, b)] = 0;
    for (i : 0 .. 2) {
        voteAccepted[VBM(v, b, i)] = 0
    }
}

/* An accepted value of the highest ballot among a majority is proposed again as it is. */
inline proposeAgain(v, b, old) {
    value[VB(v, b)] = value[VB(v, old)];
    members[VB(v, b)] = members[VB(v, old)];
    named[VB(v, b)] = named[VB(v, old)];
    fromLog[VB(v, b)] = fromLog[VB(v, old)];
    for (i : 0 .. 2) {
        trim[VBM(v, b, i)] = trim[VBM(v, old, i)]
    }
    forgetVotes(v, b);
    phase[VB(v, b)] = ACCEPT
}

/* s: whose log is the base; j: who joins */
inline propose(v, b) {
    value[VB(v, b)] = b;
    members[VB(v, b)] = s | j;
    fromLog[VB(v, b)] = s;
    for (k : 0 .. 2) {
        c = 255;
        for (i : 0 .. 2) {
            if
            :: IN(i, s) -> takeReport(v, b, i)
            :: else
            fi
        }
        trim[VBM(v, b, k)] = c
    }
#ifdef BUG_TRIM_AT_FIRST_HOLE
    cutAtFirstHole(v, b);
#endif
    forgetVotes(v, b);
    allStaged(v, b)
}

inline takeReport(v, b, m) {
#ifdef BUG_TRIM_FROM_ROWS
    y = (IN(COORDINATOR(b), live) -> seen[VB(v, b) * 9 + CELL(m, k)] : report[ROW(v, m, k)]);
#else
    y = report[ROW(v, m, k)];
#endif
    if
#ifdef BUG_TRIM_MAX_WITHOUT_SHIPPING
    :: c == 255 || y > c -> c = y
#else
    :: y < c -> c = y
#endif
    :: else
    fi
}

#ifdef BUG_TRIM_AT_FIRST_HOLE
inline cutAtFirstHole(v, b) {
    good = 1;
    for (x : 1 .. INDEXES) {
        for (k : 0 .. 2) {
            if
            :: IN(k, lived[v]) && !(good && DATA(v, x, k) && x <= trim[VBM(v, b, k)]) ->
                good = 0;
                if
                :: trim[VBM(v, b, k)] >= x -> trim[VBM(v, b, k)] = x - 1
                :: else
                fi
            :: else
            fi
        }
    }
}
#endif

/* Nothing is to be accepted before every joiner says that it holds the base. */
inline allStaged(v, b) {
    phase[VB(v, b)] = ACCEPT;
#ifndef BUG_DECIDES_BEFORE_JOINER_READY
    for (i : 0 .. 2) {
        if
        :: IN(i, members[VB(v, b)]) && !IN(i, fromLog[VB(v, b)]) && !IN(b, staged[VM(v, i)]) -> phase[VB(v, b)] = STAGE
        :: else
        fi
    }
#endif
}

/* What to propose, given the votes that have come. */
inline choose(m, b) {
    if
    :: b > 1 -> q = 1; tryAgain(m, b)
    :: b > 2 -> q = 2; tryAgain(m, b)
    :: IN(m, live) -> carryOver(m, b)
    :: !IN(m, live) -> restart(m, b)
    fi;
    q = 0; s = 0; j = 0
}

inline tryAgain(m, b) {
    d_step {
        votersUpTo(V, b, q);
        good = SIZE(s) >= MAJORITY && (IN(0, s) && HAD_ACCEPTED(V, b, 0) == q || IN(1, s) && HAD_ACCEPTED(V, b, 1) == q
            || IN(2, s) && HAD_ACCEPTED(V, b, 2) == q);
        if
        :: good -> proposeAgain(V, b, q)
        :: else
        fi;
        skip
    }
}

/* A live member coordinates: it, and whichever other live ones, carry the view over; learners that have caught up join. */
inline carryOver(m, b) {
    d_step {
        votersUpTo(V, b, 0);
        if
        :: SIZE(s) >= MAJORITY && IN(m, s) && IN(m, voteLive[VB(V, b)]) -> s = s & voteLive[VB(V, b)]
        :: else -> s = 0
        fi;
        skip
    }
    if
    :: s == 0
    :: else ->
        takeOrLeave(m, 0);
        takeOrLeave(m, 1);
        takeOrLeave(m, 2);
        d_step {
            if
            :: SIZE(s | j) >= MIN_VIEW ->
                named[VB(V, b)] = (s & voteHere[VB(V, b)]) | j;
                propose(V, b)
            :: else
            fi;
            skip
        }
    fi
}

inline takeOrLeave(m, other) {
    if
    :: other == m || IN(other, s)
    :: other != m && IN(other, s) -> s = s - BIT(other)
    :: other != m && !IN(other, s) && !IN(other, live) && at[other] == V -> j = j + BIT(other)
    :: other != m && !IN(other, s)
    fi
}

/* Nobody who voted is alive: one disk that holds the base of the view is the source, this process and others join from it. */
inline restart(m, b) {
    d_step {
        votersUpTo(V, b, 0);
        s = s & (7 - voteLive[VB(V, b)]);
        if
        :: SIZE(s) < MAJORITY -> s = 0
#ifndef BUG_SOURCE_FROM_OUTSIDE
        :: else -> s = s & voteBase[VB(V, b)]
#else
        :: else
#endif
        fi;
        skip
    }
    if
    :: s == 0
    :: IN(0, s) -> s = 1
    :: IN(1, s) -> s = 2
    :: IN(2, s) -> s = 4
    fi;
    if
    :: s == 0
    :: else ->
        joinOrLeave(m, 0);
        joinOrLeave(m, 1);
        joinOrLeave(m, 2);
        d_step {
            if
            :: SIZE(s | j) >= MIN_VIEW ->
                named[VB(V, b)] = (s & voteHere[VB(V, b)]) | j;
                propose(V, b)
            :: else
            fi;
            skip
        }
    fi
}

inline joinOrLeave(m, other) {
    if
    :: IN(other, s)
    :: !IN(other, s) && !IN(other, live) && at[other] == V -> j = j + BIT(other)
    :: !IN(other, s) && other != m
    fi
}
