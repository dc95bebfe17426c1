/* SPDX-License-Identifier: GPL-2.0 */
/* What the parent alone obeys, and not before it can. */
#ifndef MOBX_AGENT_SIGNALS_H
#define MOBX_AGENT_SIGNALS_H

/** signals_hold() - what tells to stop, leave or reload waits; so does a death */
void signals_hold(void);

/** signals_obey() - there are handlers: what has come meanwhile counts now */
void signals_obey(void);

/** signals_ignore() - a process that follows the parent, forked while they wait */
void signals_ignore(void);

#endif /* MOBX_AGENT_SIGNALS_H */
