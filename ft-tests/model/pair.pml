/*
 * Failover and re-protection of one virtual machine (DESIGN §6), checked by spin over every interleaving.
 *
 * The machine is its log: entry k is the k-th input, its value says who captured it and in which term, and executing it
 * makes output k. A replica's state is the log that it has. Replicas 0 and 1 begin as a protected pair; the others are
 * started later as new backups, of a primary that is alone or to take the place of the backup that there is.
 *
 * The logging channel is first in, first out: what is under way is what its sender has sent and its receiver has not taken. A
 * cut, a delay and a stopped process are all the same here: the step is not taken yet, or never. Suspicion is allowed at any
 * moment, with or without cause. Acks are cumulative. An unreachable arbiter is a question that is not answered yet.
 *
 * Faults: crashes, wrong suspicions, replies of the arbiter lost after it has committed, outputs and attaches still under
 * way to the switch when their sender is long superseded, second failures in every phase of re-protection.
 *
 * -DBUG_x plants a defect; run.ts lists them, and each must be found.
 */

#ifndef REPLICAS
#define REPLICAS 3
#endif
#ifndef ENTRIES
#define ENTRIES 2
#endif
#ifndef TERMS
#define TERMS 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef LOST_REPLIES
#define LOST_REPLIES 1
#endif

#define NONE 255

/* Phases of a replica. */
#define OFF 0         /* not started */
#define LIVE 1
#define L_SUSPECTS 2  /* live; asks for the next term, because a backup that may take over seems lost */
#define JOINING 3     /* a backup that may not take over: it lacks state, log or mark */
#define ELIGIBLE 4    /* a backup that may */
#define B_SUSPECTS 5  /* a backup that asks for the next term */
#define GONE 6        /* lost, refused, retired or crashed */

/* A backup as its primary sees it. */
#define NO_LINK 0
#define JOINED 1      /* a snapshot and then the log are on their way to it */
#define MARKED 2      /* the mark is sent: it may be able to take over */
#define RETIRING 3    /* told to give its place up; until it says goodbye it may be able to take over */

/* States of a claim. */
#define ASKS 1
#define WON 2
#define LOST 3

byte phase[REPLICAS]
byte term[REPLICAS]
byte length[REPLICAS]                      /* entries that it has */
byte logs[REPLICAS * (ENTRIES + 1)]
byte claim[REPLICAS]

/* By backup. */
byte primary[REPLICAS]
byte link[REPLICAS]
bool isOpen[REPLICAS]                      /* its primary still sends and listens */
byte sent[REPLICAS]                        /* entries sent to it */
byte told[REPLICAS]                        /* entries that it has acknowledged */
byte acked[REPLICAS]                       /* its last ack that came before the channel was closed */
byte snapshotAt[REPLICAS]                  /* entries in its snapshot */
bool isRestored[REPLICAS]                  /* it has all of the snapshot */
byte markAt[REPLICAS]                      /* entries before its mark */
bool hasMark[REPLICAS]                     /* it has taken the mark, and acknowledged it */

byte arbiterTerm = 1
byte arbiterHolder = 0

/* The switch, and what is under way to it. */
byte attachSent[REPLICAS]                  /* term of the attach under way or arrived */
byte attachedTerm[REPLICAS]                /* term under which the link is attached */
byte released[REPLICAS]                    /* outputs handed to the link */
byte arrived[REPLICAS]
byte switchTerm = 1
byte accepted = 0                          /* outputs that have taken effect */
byte effects[ENTRIES + 1]

byte crashes = 0
byte lostReplies = 0
bool isCrashed[REPLICAS]

#define entry(r, k) logs[(r) * (ENTRIES + 1) + (k)]
#define valueOf(r) (term[r] * 8 + (r))
#define isUp(r) (phase[r] != OFF && phase[r] != GONE)
#define isLive(r) (phase[r] == LIVE || phase[r] == L_SUSPECTS)
#define isBackup(r) (phase[r] == JOINING || phase[r] == ELIGIBLE)

/* Backups that bind their primary: one that may be able to take over, however improbable. */
#define binds(b, r) (primary[b] == r && link[b] >= MARKED)
#define ackOf(b) (isOpen[b] -> told[b] : acked[b])
#ifdef BUG_UNACKED_MARK_DROPPED
bool isDropped[REPLICAS]
#define allows(b, r, n) (!binds(b, r) || (n) < ackOf(b) || isDropped[b])
#else
#define allows(b, r, n) (!binds(b, r) || (n) < ackOf(b))
#endif
#define isHeard(b, r) (binds(b, r) && isOpen[b])
#define isLink(b, r) (primary[b] == r && link[b] != NO_LINK)
#define isCandidate(b, r) (primary[b] == r && link[b] == JOINED)
#if REPLICAS == 3
#define none(what, r) (!what(0, r) && !what(1, r) && !what(2, r))
#define allAllow(r, n) (allows(0, r, n) && allows(1, r, n) && allows(2, r, n))
#else
#define none(what, r) (!what(0, r) && !what(1, r) && !what(2, r) && !what(3, r))
#define allAllow(r, n) (allows(0, r, n) && allows(1, r, n) && allows(2, r, n) && allows(3, r, n))
#endif
#define isAlone(r) (phase[r] == LIVE && none(binds, r))

#define succeeds(k, b) ((b) < (k) && primary[k] == primary[b] && link[k] == MARKED && isOpen[k] && hasMark[k])
#if REPLICAS == 3
#define hasSuccessor(b) (succeeds(1, b) || succeeds(2, b))
#else
#define hasSuccessor(b) (succeeds(1, b) || succeeds(2, b) || succeeds(3, b))
#endif

/* The output rule: every backup that may take over has acknowledged the entry, or there is none. */
#ifdef BUG_NO_OUTPUT_RULE
#define mayRelease(r) true
#elif defined(BUG_RELEASE_ON_SUSPICION)
#define mayRelease(r) (phase[r] == L_SUSPECTS || allAllow(r, released[r]))
#elif defined(BUG_MARK_WITHOUT_RULE)
#define unbound(b, r) (binds(b, r) && !hasMark[b])
#define mayRelease(r) (!none(unbound, r) || allAllow(r, released[r]))
#elif defined(BUG_RETIRING_IS_GONE)
#define waits(b, r, n) (primary[b] == r && link[b] == MARKED && (n) >= ackOf(b))
#define mayRelease(r) (!waits(0, r, released[r]) && !waits(1, r, released[r]) && !waits(2, r, released[r]))
#else
#define mayRelease(r) allAllow(r, released[r])
#endif

/* What a backup must have before it may take over: the snapshot, and the log up to the mark. */
#ifdef BUG_ELIGIBLE_BEFORE_SNAPSHOT
#define isComplete(b) (link[b] == JOINED)
#elif defined(BUG_ELIGIBLE_BEFORE_MARK)
#define isComplete(b) (isRestored[b])
#elif defined(BUG_MARK_BEFORE_LOG)
#define isComplete(b) (isRestored[b] && link[b] >= MARKED)
#else
#define isComplete(b) (isRestored[b] && link[b] >= MARKED && length[b] >= markAt[b])
#endif
/* The mark stands in the log: what comes behind it is taken only after it. */
#define mayTake(b) (hasMark[b] || link[b] < MARKED || length[b] < markAt[b])

/* Whoever is live has every effect that the world has seen, as the world has seen it. */
inline mustKnowEffects(r) {
  for (k : 1 .. ENTRIES) {
    if
    :: k <= accepted -> assert(k <= length[r] && entry(r, k) == effects[k])
    :: else
    fi
  }
  k = 0
}

inline mustBeOnlyOne(r) {
  assert(arbiterTerm == term[r] && arbiterHolder == r);
  for (k : 0 .. REPLICAS - 1) {
    if
    :: k != r -> assert(!isAlone(k))
    :: else
    fi
  }
  k = 0
}

/* What does not matter any more looks the same in every state. */
inline unlink(b) {
  link[b] = NO_LINK; isOpen[b] = false; sent[b] = 0; told[b] = 0; acked[b] = 0; snapshotAt[b] = 0; isRestored[b] = false;
  markAt[b] = 0; hasMark[b] = false
}

inline closeChannel(b) {
  acked[b] = told[b];
  isOpen[b] = false
}

/* A backup is one no more. Its primary does not know yet, if there is one. */
inline leaves(b) {
  if
  :: primary[b] != NONE && isLive(primary[b])
  :: primary[b] == NONE || !isLive(primary[b]) -> unlink(b); primary[b] = NONE
  fi
}

/* It runs no more. What it has sent may still arrive, so it stays readable. */
inline ceases(r) {
  if
  :: isLive(r) ->
    phase[r] = GONE;
    for (k : 0 .. REPLICAS - 1) {
      if
      :: primary[k] == r && !isBackup(k) && phase[k] != B_SUSPECTS -> unlink(k); primary[k] = NONE
      :: else
      fi
    }
    k = 0
  :: else -> phase[r] = GONE; leaves(r)
  fi;
  claim[r] = 0
}

/* The winner of a term. Other backups count no more until they are marked again. */
inline becomeAlone(r) {
  if
  :: !isLive(r) -> leaves(r)
  :: else ->
    for (k : 0 .. REPLICAS - 1) {
      if
      :: primary[k] == r && (!isOpen[k] || link[k] == RETIRING) -> unlink(k); primary[k] = NONE
      :: primary[k] == r && isOpen[k] && link[k] == MARKED ->
        link[k] = JOINED; markAt[k] = 0; hasMark[k] = false
      :: else
      fi
    }
    k = 0
  fi;
  phase[r] = LIVE;
  claim[r] = 0;
  attachSent[r] = term[r];
  mustBeOnlyOne(r);
  mustKnowEffects(r)
}

inline decide(r) {
  if
#ifdef BUG_TAS_WITHOUT_TERM
  :: true -> arbiterTerm = term[r] + 1; arbiterHolder = r
#else
  :: arbiterTerm == term[r] -> arbiterTerm = term[r] + 1; arbiterHolder = r
#endif
  :: else
  fi;
  if
  :: arbiterTerm == term[r] + 1 && arbiterHolder == r -> claim[r] = WON
  :: else -> claim[r] = LOST
  fi
}

inline settle(r) {
  if
  :: claim[r] == WON ->
    term[r] = term[r] + 1;
#ifdef BUG_LIVE_BEFORE_DRAINED
    if
    :: phase[r] == B_SUSPECTS && length[r] > 0 -> length[r] = length[r] - 1
    :: else
    fi;
#endif
    becomeAlone(r)
  :: else -> ceases(r)
  fi
}

proctype Replica(byte me) {
  byte k = 0;
  byte p = 0;
end:
  do
  /* Live: capture an input, and send its entry to every backup that is connected. */
  :: atomic { isLive(me) && length[me] < ENTRIES ->
       length[me] = length[me] + 1;
       entry(me, length[me]) = valueOf(me);
       for (k : 0 .. REPLICAS - 1) {
         if
         :: isLink(k, me) && isOpen[k] -> sent[k] = length[me]
         :: else
         fi
       }
       k = 0 }

  :: d_step { isLive(me) && attachedTerm[me] == term[me] && released[me] < length[me] && released[me] == arrived[me] && mayRelease(me) ->
       released[me] = released[me] + 1 }

  /* Live: it may suspect any backup that binds it. Only a test-and-set gets rid of one. */
  :: atomic { phase[me] == LIVE && term[me] < TERMS && !none(isHeard, me) ->
       if
       :: isHeard(0, me) -> p = 0
       :: isHeard(1, me) -> p = 1
       :: isHeard(2, me) -> p = 2
#if REPLICAS > 3
       :: isHeard(3, me) -> p = 3
#endif
       fi;
       closeChannel(p);
#ifdef BUG_ALONE_WITHOUT_TAS
       term[me] = term[me] + 1; becomeAlone(me);
#elif defined(BUG_UNACKED_MARK_DROPPED)
       if
       :: !hasMark[p] -> isDropped[p] = true
       :: else -> phase[me] = L_SUSPECTS; claim[me] = ASKS
       fi;
#else
       phase[me] = L_SUSPECTS;
       claim[me] = ASKS;
#endif
       p = 0 }
  /* A newcomer that is not marked can be dropped at no cost. */
  :: d_step { phase[me] != OFF && link[me] == JOINED && isLive(primary[me]) -> unlink(me); primary[me] = NONE }

  /* A backup may suspect its primary. If it may not take over, it gives up. */
  :: atomic { phase[me] == ELIGIBLE && term[me] < TERMS ->
#ifdef BUG_LIVE_WITHOUT_TAS
       term[me] = term[me] + 1; becomeAlone(me)
#else
       phase[me] = B_SUSPECTS;
       claim[me] = ASKS
#endif
     }
  :: atomic { phase[me] == JOINING && (link[me] == NO_LINK || !isLive(primary[me])) -> ceases(me) }

  /* The question and its answer. A reply that is lost is asked for again. */
  :: atomic { claim[me] == ASKS -> decide(me) }
  :: atomic { claim[me] > ASKS -> settle(me) }
  :: atomic { claim[me] > ASKS && lostReplies < LOST_REPLIES ->
       lostReplies = lostReplies + 1;
#ifdef BUG_LOST_REPLY_IS_LOSS
       ceases(me)
#else
       claim[me] = ASKS
#endif
     }
#ifdef BUG_UNREACHABLE_IS_WIN
  :: atomic { claim[me] == ASKS -> term[me] = term[me] + 1; becomeAlone(me) }
#endif

  /* Backup: the next entry of the log is received and acknowledged. */
  :: d_step { isBackup(me) && isRestored[me] && length[me] < sent[me] && mayTake(me) ->
#ifdef BUG_ACK_BEFORE_APPEND
       if
       :: told[me] <= length[me] -> told[me] = length[me] + 1
       :: told[me] > length[me] ->
         length[me] = length[me] + 1;
         entry(me, length[me]) = entry(primary[me], length[me])
       fi
#else
       length[me] = length[me] + 1;
       entry(me, length[me]) = entry(primary[me], length[me]);
       told[me] = length[me]
#endif
     }

  /* A new backup: it connects to whoever is live, if that has no other newcomer. A snapshot is taken between two events. */
  :: d_step { phase[me] == OFF && phase[me - 1] != OFF && phase[arbiterHolder] == LIVE && term[arbiterHolder] == arbiterTerm && none(isCandidate, arbiterHolder) ->
       p = arbiterHolder;
       primary[me] = p; link[me] = JOINED; isOpen[me] = true;
       term[me] = term[p];
       phase[me] = JOINING;
       snapshotAt[me] = length[p];
       sent[me] = length[p];
       p = 0 }
  /* At boot a primary says hello to whoever comes, and takes one: a hello alone makes nobody a backup that may take over. */
  :: d_step { phase[me] == OFF && phase[me - 1] != OFF && isLive(0) && term[0] == 1 ->
       term[me] = 1;
#ifdef BUG_HELLO_IS_ENOUGH
       phase[me] = ELIGIBLE
#else
       phase[me] = JOINING
#endif
     }
  :: d_step { phase[me] == JOINING && !isRestored[me] && link[me] == JOINED ->
       isRestored[me] = true;
       length[me] = snapshotAt[me];
       told[me] = snapshotAt[me];
       for (k : 1 .. ENTRIES) {
         if
         :: k <= snapshotAt[me] -> entry(me, k) = entry(primary[me], k)
         :: else
         fi
       }
       k = 0;
#ifdef BUG_SNAPSHOT_POSITION
       if
       :: sent[me] > length[me] -> length[me] = length[me] + 1; entry(me, length[me]) = 0
       :: else
       fi;
#endif
       snapshotAt[me] = 0 }
  /* Its primary sends the mark: from here on outputs wait for it too. */
  :: d_step { link[me] == JOINED && isOpen[me] && isRestored[me] && phase[primary[me]] == LIVE ->
       link[me] = MARKED;
       markAt[me] = length[primary[me]] }
  /* The mark is taken, and acknowledged with all before it: in the term that it names. */
  :: d_step { isBackup(me) && !hasMark[me] && isComplete(me) ->
#ifndef BUG_ELIGIBLE_BEFORE_SNAPSHOT
       hasMark[me] = true;
#endif
       if
       :: isOpen[me] && link[me] >= MARKED -> term[me] = term[primary[me]]
       :: else
       fi;
       phase[me] = ELIGIBLE }
  /* The primary is in another term: what was marked before counts no more. */
  :: d_step { phase[me] == ELIGIBLE && isOpen[me] && link[me] == JOINED && term[me] < term[primary[me]] ->
#ifndef BUG_OLD_MARK_COUNTS
       phase[me] = JOINING;
#endif
       term[me] = term[primary[me]] }

  /* The backup is moved: its primary knows that a later one has its mark, and asks this one to give its place up. */
  :: d_step { link[me] == MARKED && isOpen[me] && hasMark[me] && phase[primary[me]] == LIVE && hasSuccessor(me) -> link[me] = RETIRING }
  /* The old one says goodbye, and its primary hears it. */
  :: d_step { phase[me] == ELIGIBLE && link[me] == RETIRING && isOpen[me] -> unlink(me); primary[me] = NONE; phase[me] = GONE }
#ifdef BUG_RETIRED_STAYS
  :: d_step { phase[me] == ELIGIBLE && link[me] == RETIRING && isOpen[me] -> unlink(me) }
#endif

  :: atomic { isUp(me) && crashes < CRASHES -> crashes = crashes + 1; ceases(me); isCrashed[me] = true }
  od
}

proctype Switch() {
  byte k = 0;
  byte r = 0;
end:
  do
  :: atomic {
       if
       :: attachSent[0] > attachedTerm[0] && arrived[0] == released[0] -> r = 0
       :: attachSent[1] > attachedTerm[1] && arrived[1] == released[1] -> r = 1
       :: attachSent[2] > attachedTerm[2] && arrived[2] == released[2] -> r = 2
#if REPLICAS > 3
       :: attachSent[3] > attachedTerm[3] && arrived[3] == released[3] -> r = 3
#endif
       fi;
       attachedTerm[r] = attachSent[r];
       if
       :: attachSent[r] > switchTerm ->
         switchTerm = attachSent[r];
         if
         :: isUp(r) -> mustKnowEffects(r)
         :: else
         fi;
         released[r] = accepted;
         arrived[r] = accepted
       :: else ->
         /* An old term is refused. */
         if
         :: isUp(r) -> ceases(r)
         :: else
         fi
       fi;
       r = 0
     }
  :: atomic {
       if
       :: arrived[0] < released[0] -> r = 0
       :: arrived[1] < released[1] -> r = 1
       :: arrived[2] < released[2] -> r = 2
#if REPLICAS > 3
       :: arrived[3] < released[3] -> r = 3
#endif
       fi;
       arrived[r] = arrived[r] + 1;
       k = arrived[r];
       if
#ifdef BUG_SWITCH_TAKES_OLD_TERM
       :: true ->
#else
       :: attachedTerm[r] == switchTerm ->
#endif
         assert(attachedTerm[r] == switchTerm);
         if
         :: k <= accepted -> assert(effects[k] == entry(r, k))
         :: else -> assert(k == accepted + 1); accepted = k; effects[k] = entry(r, k)
         fi
#ifndef BUG_SWITCH_TAKES_OLD_TERM
       :: else -> arrived[r] = released[r]
#endif
       fi;
       k = 0; r = 0
     }
  od
}

/* Nothing more can happen: then whoever may serve does, and has done everything. */
proctype Patience() {
  byte k = 0;
  timeout;
  atomic {
    if
    :: !isCrashed[arbiterHolder] ->
      assert(phase[arbiterHolder] == LIVE && term[arbiterHolder] == arbiterTerm);
      assert(arbiterTerm == TERMS || accepted == ENTRIES && length[arbiterHolder] == ENTRIES)
    :: else ->
      for (k : 0 .. REPLICAS - 1) {
        if
        :: arbiterTerm < TERMS -> assert(phase[k] != ELIGIBLE && phase[k] != B_SUSPECTS)
        :: else
        fi
      }
    fi
  }
}

init {
  byte i;
  atomic {
    for (i : 0 .. REPLICAS - 1) { primary[i] = NONE }
    phase[0] = LIVE; term[0] = 1; attachSent[0] = 1; attachedTerm[0] = 1;
    phase[1] = ELIGIBLE; term[1] = 1; primary[1] = 0; link[1] = MARKED; isOpen[1] = true; isRestored[1] = true; hasMark[1] = true;
    for (i : 0 .. REPLICAS - 1) { run Replica(i) }
    run Switch();
    run Patience()
  }
}
