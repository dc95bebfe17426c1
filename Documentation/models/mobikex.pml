/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MOBIKE-X exchange (Documentation/mobike-x.rst), for the model checker
 * spin: "make model".
 *
 * A mobile with ADDRS own addresses tells a server of them, over a
 * network that loses, repeats and reorders. Links come and go while it does
 * so. Message contents are kept by Message ID; what is under way is a set, so
 * every order of arrival is tried.
 *
 * Checked in every state:
 *
 * I4  what the server sends to is accepted by the mobile, unless its link is
 *     gone; and the mobile moves softly only to what the server accepts
 * I5  a request that is refused has changed nothing
 * I6  neither set is empty, and the primary path is a member of it
 *
 * And where nothing can happen any more: both ends hold the same paths and the
 * same primary one.
 */
#ifndef ADDRS
#define ADDRS	2	/* or 3 */
#endif
#define IDS	(ADDRS + 1)	/* never used twice */
#define NONE	255

#ifndef CHANGES
#define CHANGES	2	/* links that come or go */
#endif
#ifndef MOVES
#define MOVES	1	/* moves to a path that is only better */
#endif
#ifndef LOSSES
#define LOSSES	1	/* datagrams lost */
#endif
#ifndef REPEATS
#define REPEATS	1	/* and repeated */
#endif
#ifndef REFUSALS
#define REFUSALS 1	/* the server's kernel fails */
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 1	/* a probe is given up though its answer may come */
#endif
/* With a mistake, which has to be found: see commit(), stage() and serve(). */
#ifndef WRONG
#define WRONG	0
#endif
#define MIDS	12

#define ADD	1
#define UPDATE	2
#define REMOVE	3
#define QUERY	4

#define OK	0
#define TEMPORARY 1
#define NO_SUCH	2
#define DUPLICATE 3
#define NAT	4
#define LAST	5

/* What a request holds; the source is seen by the receiver alone. */
typedef request {
	byte kind;
	byte id;
	byte old;
	byte new;
	bit primary;
};

typedef view {
	byte addr[IDS];
	byte primary;
};

request rq[MIDS];
byte result[MIDS];
view said[MIDS];
bit done[MIDS];			/* the server has answered it */
bit flying[MIDS * ADDRS];	/* a request, by source */
bit back[MIDS];			/* an answer */

bit up[ADDRS];

/* The mobile. */
view own;
view before;
bit taken[IDS];			/* IDs that are or were in use */
byte confirmed[IDS];		/* address that the server has for a path */
bit takes[ADDRS];		/* its kernel takes packets at this address */
byte out = NONE;		/* request under way: its Message ID */
byte next_mid;
bit forgotten[MIDS];		/* it wants no result of it, but goes on sending */
bit heard[MIDS];		/* it has got the answer */
bit hard;			/* the request under way says what is true */
bit stray[IDS];
bit primary_off;
bit ask_view;

/* The server. */
view peer;
view was;
bit known[IDS];			/* IDs that it has seen */
bit had[IDS * ADDRS];		/* addresses that a path had */
bit accepts[ADDRS];		/* its kernel takes packets from there */
byte pending = NONE;		/* request whose change the kernel gets */
byte last_mid;
bit any_mid;

byte changes = CHANGES;
byte moves = MOVES;
byte losses = LOSSES;
byte repeats = REPEATS;
byte refusals = REFUSALS;
byte timeouts = TIMEOUTS;

byte i, j, k, n;		/* only within atomic steps */

inline count(v, result_n) {
	result_n = 0;
	i = 0;
	do
	:: i < IDS ->
		if
		:: v.addr[i] != NONE -> result_n++
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline find(v, a, result_id) {
	result_id = NONE;
	i = 0;
	do
	:: i < IDS ->
		if
		:: v.addr[i] == a && a != NONE -> result_id = i
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline copy(to, from) {
	i = 0;
	do
	:: i < IDS -> to.addr[i] = from.addr[i]; i++
	:: else -> break
	od;
	to.primary = from.primary
}

inline assert_same(x, y) {
	assert(x.primary == y.primary);
	i = 0;
	do
	:: i < IDS -> assert(x.addr[i] == y.addr[i]); i++
	:: else -> break
	od
}

/* Where the server sends to is taken from, as far as there is a link. */
inline assert_i4() {
	assert(peer.addr[peer.primary] != NONE);
	assert(!up[peer.addr[peer.primary]] ||
	       takes[peer.addr[peer.primary]])
}

inline assert_i6() {
	assert(own.addr[own.primary] != NONE);
	assert(peer.addr[peer.primary] != NONE)
}

/* ----------------------------------------------------------- the server */

/* What a request makes of the peer's set; an error leaves it as it was. */
inline apply(m, src) {
	result[m] = OK;
	copy(was, peer);
	find(peer, src, k);
	if
	:: rq[m].new != NONE && rq[m].new != src -> result[m] = NAT
	:: else ->
		if
		:: rq[m].kind == ADD ->
			if
			:: k == rq[m].id
			:: k != NONE && k != rq[m].id -> result[m] = DUPLICATE
			:: k == NONE && known[rq[m].id] -> result[m] = DUPLICATE
			:: k == NONE && !known[rq[m].id] ->
				peer.addr[rq[m].id] = src
			fi
		:: rq[m].kind == UPDATE ->
			if
			:: peer.addr[rq[m].id] == NONE -> result[m] = NO_SUCH
			:: else ->
				if
				:: rq[m].new == NONE || k == rq[m].id
				:: else ->
					if
					:: k != NONE -> result[m] = DUPLICATE
					:: k == NONE &&
					   !had[rq[m].id * ADDRS + rq[m].old] ->
						result[m] = NO_SUCH
					:: else -> peer.addr[rq[m].id] = src
					fi
				fi
			fi
		:: rq[m].kind == REMOVE ->
			count(peer, n);
			if
			:: peer.addr[rq[m].id] == NONE -> result[m] = NO_SUCH
			:: peer.addr[rq[m].id] != NONE && n == 1 ->
				result[m] = LAST
			:: else ->
				peer.addr[rq[m].id] = NONE;
				if
				:: peer.primary == rq[m].id ->
					/* By the path that it came by, or any. */
					find(peer, src, k);
					j = 0;
					do
					:: k == NONE ->
						if
						:: peer.addr[j] != NONE -> k = j
						:: else -> j++
						fi
					:: else -> break
					od;
					peer.primary = k
				:: else
				fi
			fi
		:: rq[m].kind == QUERY
		fi
	fi;
	if
	:: result[m] == OK && rq[m].primary -> peer.primary = rq[m].id
	:: else
	fi;
	if
	:: result[m] != OK -> assert_same(peer, was)
	:: else
	fi
}

inline remember() {
	j = 0;
	do
	:: j < IDS ->
		if
		:: peer.addr[j] != NONE ->
			known[j] = 1;
			had[j * ADDRS + peer.addr[j]] = 1
		:: else
		fi;
		j++
	:: else -> break
	od
}

inline answer(m) {
	copy(said[m], peer);
	done[m] = 1;
	back[m] = 1
}

inline serve(m, src) {
	if
	:: done[m] -> back[m] = 1
	:: !done[m] && m == pending
	:: !done[m] && m != pending ->
		if
		/* A newer one has overtaken it: it does nothing. */
		:: any_mid && m < last_mid -> result[m] = OK; answer(m)
		:: !(any_mid && m < last_mid) && pending != NONE ->
			result[m] = TEMPORARY;
			answer(m)
		/* Nothing older may change what it is told. */
		:: !(any_mid && m < last_mid) && pending == NONE &&
		   rq[m].kind == QUERY ->
			result[m] = OK;
			if
			:: WRONG == 3
			:: else -> last_mid = m; any_mid = 1
			fi;
			answer(m)
		:: !(any_mid && m < last_mid) && pending == NONE &&
		   rq[m].kind != QUERY ->
			apply(m, src);
			if
			:: result[m] == OK ->
				last_mid = m;
				any_mid = 1;
				pending = m;
				/* Until the kernel has agreed nothing is told. */
				copy(said[m], peer);
				copy(peer, was)
			:: else -> answer(m)
			fi
		fi
	fi
}

/* The kernel's word on what is pending. */
inline commit() {
	if
	:: refusals > 0 ->
		refusals--;
		result[pending] = TEMPORARY;
		if
		:: WRONG == 1 -> copy(peer, said[pending])
		:: else
		fi;
		assert_same(peer, was);
		answer(pending)
	:: true ->
		copy(peer, said[pending]);
		remember();
		/* Acceptance first, then the answer (I4). */
		j = 0;
		do
		:: j < IDS ->
			if
			:: peer.addr[j] != NONE -> accepts[peer.addr[j]] = 1
			:: else
			fi;
			j++
		:: else -> break
		od;
		answer(pending)
	fi;
	pending = NONE
}

active proctype server()
{
	byte m, a;

	do
	:: atomic {
		pending != NONE -> commit(); assert_i4(); assert_i6()
	   }
	:: atomic {
		/* Any request, in any order. */
		m = 0; a = 0;
		if
		:: true ->
			do
			:: m < MIDS - 1 && m + 1 < next_mid -> m++
			:: break
			od;
			do
			:: a < ADDRS - 1 -> a++
			:: break
			od
		fi;
		flying[m * ADDRS + a] ->
		if
		:: repeats > 0 -> repeats--
		:: flying[m * ADDRS + a] = 0
		fi;
		serve(m, a)
	   }
	od
}

/* ---------------------------------------------------------- the network */

active proctype network()
{
	byte m, a;

end:	do
	:: atomic {
		losses > 0 && next_mid > 0 ->
		m = 0; a = 0;
		do
		:: m + 1 < next_mid -> m++
		:: break
		od;
		do
		:: a < ADDRS - 1 -> a++
		:: break
		od;
		if
		:: flying[m * ADDRS + a] -> flying[m * ADDRS + a] = 0; losses--
		:: back[m] -> back[m] = 0; losses--
		:: else
		fi
	   }
	:: losses == 0 -> break
	od
}

/* ----------------------------------------------------------- the mobile */

inline source(result_a) {
	result_a = own.addr[own.primary]
}

inline ask(kind_, id_, old_, new_, primary_, src) {
	rq[next_mid].kind = kind_;
	rq[next_mid].id = id_;
	rq[next_mid].old = old_;
	rq[next_mid].new = new_;
	rq[next_mid].primary = primary_;
	out = next_mid;
	next_mid++;
	if
	:: up[src] -> flying[out * ADDRS + src] = 1
	:: else
	fi
}

/* Its kernel has the own set; what it has left goes when the peer knows. */
inline stage() {
	j = 0;
	do
	:: WRONG == 2 -> break
	:: WRONG != 2 && j < IDS ->
		if
		:: own.addr[j] != NONE -> takes[own.addr[j]] = 1
		:: else
		fi;
		j++
	:: WRONG != 2 && j == IDS -> break
	od
}

inline forget() {
	if
	:: out != NONE -> forgotten[out] = 1; out = NONE
	:: else
	fi
}

/* The own primary path has no link: by another path, or another address. */
inline rescue(a) {
	forget();
	copy(before, own);
	hard = 1;
	primary_off = 0;
	find(own, a, k);
	if
	:: k != NONE -> own.primary = k
	:: else ->
		k = own.primary;
		own.addr[k] = a
	fi;
	stage();
	if
	:: confirmed[k] == NONE -> ask(ADD, k, NONE, a, 1, a)
	:: confirmed[k] == a -> ask(UPDATE, k, NONE, NONE, 1, a)
	:: else -> ask(UPDATE, k, confirmed[k], a, 1, a)
	fi
}

/* The server's view of our paths: its word counts. */
inline reconcile(m) {
	primary_off = 0;
	ask_view = 0;
	j = 0;
	do
	:: j < IDS ->
		stray[j] = 0;
		if
		:: said[m].addr[j] == NONE ->
			confirmed[j] = NONE;
			count(own, n);
			if
			:: own.addr[j] != NONE && n > 1 ->
				own.addr[j] = NONE;
				if
				:: own.primary == j ->
					k = 0;
					do
					:: own.addr[k] == NONE -> k++
					:: else -> break
					od;
					own.primary = k;
					primary_off = 1
				:: else
				fi
			:: own.addr[j] != NONE && n == 1 -> primary_off = 1
			:: else
			fi
		:: else ->
			taken[j] = 1;
			confirmed[j] = said[m].addr[j];
			if
			:: own.addr[j] == NONE -> stray[j] = 1
			:: own.addr[j] == said[m].addr[j]
			:: own.addr[j] != NONE &&
			   own.addr[j] != said[m].addr[j] ->
				if
				:: own.primary == j -> primary_off = 1
				:: else -> own.addr[j] = NONE; stray[j] = 1
				fi
			fi
		fi;
		j++
	:: else -> break
	od;
	if
	:: said[m].primary != own.primary -> primary_off = 1
	:: else
	fi
}

/* The kernel drops what neither end uses any more. */
inline tidy(m) {
	j = 0;
	do
	:: j < ADDRS ->
		find(own, j, k);
		find(said[m], j, n);
		if
		:: k == NONE && n == NONE -> takes[j] = 0
		:: else
		fi;
		j++
	:: else -> break
	od
}

inline roll_back() {
	copy(own, before);
	ask_view = 1
}

inline agreed(m) {
	if
	:: rq[m].kind == UPDATE && !hard ->
		/* Softly: from now on we send by it (I4). */
		own.primary = rq[m].id;
		assert(accepts[own.addr[own.primary]])
	:: rq[m].kind == REMOVE ->
		count(own, n);
		if
		:: n > 1 && rq[m].id != own.primary -> own.addr[rq[m].id] = NONE
		:: else
		fi
	:: else
	fi;
	reconcile(m);
	tidy(m)
}

inline heard_of(m) {
	heard[m] = 1;
	if
	:: m != out
	:: m == out ->
		out = NONE;
		if
		:: result[m] == OK -> agreed(m)
		:: result[m] == NO_SUCH && rq[m].kind == REMOVE ->
			stray[rq[m].id] = 0;
			if
			:: rq[m].id != own.primary -> own.addr[rq[m].id] = NONE
			:: else
			fi;
			ask_view = 1
		:: else ->
			if
			:: hard -> ask_view = 1; primary_off = 1
			:: !hard && rq[m].kind == ADD -> roll_back()
			:: else -> ask_view = 1
			fi
		fi;
		hard = 0
	fi
}

/* One thing at a time; what is urgent first. */
inline steer() {
	source(a);
	if
	:: !up[a] ->
		/* Nothing to go by means to wait. */
		b = 0;
		do
		:: b < ADDRS && !up[b] -> b++
		:: else -> break
		od;
		if
		:: b < ADDRS -> rescue(b)
		:: else
		fi
	:: up[a] && out == NONE ->
		/* A path without a link, a stray one, a new link. */
		b = 0;
		do
		:: b < IDS && !(stray[b] || (own.addr[b] != NONE &&
		   b != own.primary && !up[own.addr[b]])) -> b++
		:: else -> break
		od;
		if
		:: b < IDS ->
			stray[b] = 0;
			hard = 0;
			copy(before, own);
			ask(REMOVE, b, NONE, NONE, 0, a)
		:: b == IDS && primary_off -> rescue(a)
		:: b == IDS && !primary_off && ask_view ->
			ask_view = 0;
			hard = 0;
			copy(before, own);
			ask(QUERY, 0, NONE, NONE, 0, a)
		:: else ->
			b = 0;
			do
			:: b < ADDRS ->
				find(own, b, k);
				if
				:: up[b] && k == NONE -> break
				:: else -> b++
				fi
			:: else -> break
			od;
			k = 0;
			do
			:: k < IDS && taken[k] -> k++
			:: else -> break
			od;
			if
			:: b < ADDRS && k < IDS ->
				copy(before, own);
				hard = 0;
				taken[k] = 1;
				own.addr[k] = b;
				stage();
				ask(ADD, k, NONE, b, 0, b)
			:: else
			fi
		fi
	:: else
	fi
}

/* Something that steer() would act on. */
#if ADDRS == 3
#define ANY_ADDR(f)	(f(0) || f(1) || f(2))
#define ANY_ID(f)	(f(0) || f(1) || f(2) || f(3))
#define NO_ID_HAS(x)	(own.addr[0] != x && own.addr[1] != x && \
			 own.addr[2] != x && own.addr[3] != x)
#else
#define ANY_ADDR(f)	(f(0) || f(1))
#define ANY_ID(f)	(f(0) || f(1) || f(2))
#define NO_ID_HAS(x)	(own.addr[0] != x && own.addr[1] != x && \
			 own.addr[2] != x)
#endif
#define UP(x)		up[x]
#define NEW(x)		(up[x] && NO_ID_HAS(x))
#define FREE(x)		(!taken[x])
#define STRAY(x)	stray[x]
#define DEAD(x)		(own.addr[x] != NONE && x != own.primary && \
			 !up[own.addr[x]])
#define CUT_OFF		(!up[own.addr[own.primary]])
#define TO_DO		((CUT_OFF && ANY_ADDR(UP)) || \
			 (!CUT_OFF && out == NONE && \
			  (ANY_ID(STRAY) || ANY_ID(DEAD) || primary_off || \
			   ask_view || (ANY_ID(FREE) && ANY_ADDR(NEW)))))

inline silent(m, result_bit) {
	result_bit = 1;
	i = 0;
	do
	:: i < ADDRS ->
		if
		:: flying[m * ADDRS + i] -> result_bit = 0
		:: else
		fi;
		i++
	:: else -> break
	od;
	if
	:: back[m] || pending == m -> result_bit = 0
	:: else
	fi
}

active proctype mobile()
{
	byte a, b, m;
	bit quiet;

	atomic {
		i = 0;
		do
		:: i < IDS ->
			own.addr[i] = NONE;
			peer.addr[i] = NONE;
			confirmed[i] = NONE;
			i++
		:: else -> break
		od;
		own.addr[0] = 0;
		peer.addr[0] = 0;
		confirmed[0] = 0;
		taken[0] = 1;
		up[0] = 1;
		takes[0] = 1;
		accepts[0] = 1;
		remember()
	};
	do
	:: atomic {
		/* A link comes or goes. */
		changes > 0 && next_mid < MIDS - 4 ->
		changes--;
		do
		:: a < ADDRS - 1 -> a++
		:: break
		od;
		up[a] = 1 - up[a];
		a = 0; b = 0
	   }
	:: atomic {
		TO_DO && next_mid < MIDS -> steer(); assert_i6(); assert_i4();
		a = 0; b = 0
	   }
	:: atomic {
		/* A path that is only better, softly. */
		moves > 0 && out == NONE && up[own.addr[own.primary]] &&
		next_mid < MIDS - 4 ->
		if
		:: b = 0
		:: b = 1
		fi;
		if
		:: own.addr[b] != NONE && b != own.primary &&
		   up[own.addr[b]] && confirmed[b] == own.addr[b] ->
			moves--;
			hard = 0;
			copy(before, own);
			a = own.addr[b];
			ask(UPDATE, b, NONE, NONE, 1, a)
		:: else
		fi;
		a = 0; b = 0
	   }
	:: atomic {
		/* An answer, any of them. */
		next_mid > 0 ->
		m = 0;
		do
		:: m + 1 < next_mid -> m++
		:: break
		od;
		back[m] -> back[m] = 0;
		if
		:: heard[m]
		:: else -> heard_of(m); assert_i6(); assert_i4()
		fi;
		m = 0
	   }
	:: atomic {
		/* A new path does not answer; the request goes on elsewhere. */
		timeouts > 0 && out != NONE && !hard &&
		rq[out].kind <= UPDATE ->
		timeouts--;
		if
		:: rq[out].kind == ADD -> roll_back()
		:: else -> ask_view = 1
		fi;
		forget();
		assert_i6()
	   }
	:: atomic {
		/* Once more, by the path of the IKE SA. */
		next_mid > 0 && up[own.addr[own.primary]] ->
		m = 0;
		do
		:: m + 1 < next_mid -> m++
		:: break
		od;
		!heard[m] && (m == out || forgotten[m]) ->
		silent(m, quiet);
		if
		:: quiet -> source(a); flying[m * ADDRS + a] = 1
		:: else
		fi;
		m = 0; a = 0; quiet = 0
	   }
	od
}

/* Nothing is under way and nothing is to be done. */
#define UNDER_WAY(m)	(m < next_mid && !heard[m])
#define AT_REST	(!TO_DO && out == NONE && pending == NONE && \
		 up[own.addr[own.primary]] && next_mid < MIDS && \
		 !UNDER_WAY(0) && !UNDER_WAY(1) && !UNDER_WAY(2) && \
		 !UNDER_WAY(3) && !UNDER_WAY(4) && !UNDER_WAY(5) && \
		 !UNDER_WAY(6) && !UNDER_WAY(7) && !UNDER_WAY(8) && \
		 !UNDER_WAY(9) && !UNDER_WAY(10) && !UNDER_WAY(11))

active proctype judge()
{
end:	atomic {
		AT_REST && next_mid > 0 ->
		assert_same(own, peer)
	}
}
