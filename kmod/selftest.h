/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SELFTEST_H
#define MOBX_SELFTEST_H

#include <linux/types.h>

/*
 * Self-tests of pure logic, run when a module built with -DDEBUG loads; it
 * refuses to load when one of them returns false (having said why).
 */
#ifdef DEBUG
bool mobx_selector_selftest(void);
bool mobx_binding_selftest(void);
bool mobx_replay_selftest(void);
#endif

#endif
