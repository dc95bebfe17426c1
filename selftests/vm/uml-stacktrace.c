// SPDX-License-Identifier: GPL-2.0
/*
 * In place of arch/um/kernel/stacktrace.c, which takes each word of the stack for a
 * return address and asks whether it is one. KASAN and kmemleak want a trace for
 * each allocation: that alone was a third of what a new process took. With
 * CONFIG_FRAME_POINTER the frames lead from one return address to the next.
 */

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <asm/stacktrace.h>

#ifndef CONFIG_FRAME_POINTER
#error "without frame pointers there is nothing to follow"
#endif

void dump_trace(struct task_struct *tsk, const struct stacktrace_ops *ops,
		void *data)
{
	struct pt_regs *fault = tsk->thread.segv_regs;
	unsigned long low = (unsigned long)get_stack_pointer(tsk, fault);
	unsigned long end = ALIGN(low, THREAD_SIZE);
	unsigned long at = get_frame_pointer(tsk, fault);

	/* Each frame is above the one that it has called. */
	while (at >= low && at + sizeof(struct stack_frame) <= end &&
	       IS_ALIGNED(at, sizeof(long))) {
		struct stack_frame *frame = (struct stack_frame *)at;
		unsigned long from = READ_ONCE_NOCHECK(frame->return_address);

		if (!__kernel_text_address(from))
			break;
		ops->address(data, from, 1);
		low = at + sizeof(*frame);
		at = (unsigned long)READ_ONCE_NOCHECK(frame->next_frame);
	}
}

static void keep(void *data, unsigned long address, int reliable)
{
	struct stack_trace *trace = data;

	if (trace->nr_entries < trace->max_entries)
		trace->entries[trace->nr_entries++] = address;
}

static const struct stacktrace_ops keeping = { .address = keep };

void save_stack_trace(struct stack_trace *trace)
{
	dump_trace(current, &keeping, trace);
}
EXPORT_SYMBOL_GPL(save_stack_trace);

void save_stack_trace_tsk(struct task_struct *tsk, struct stack_trace *trace)
{
	dump_trace(tsk, &keeping, trace);
}
EXPORT_SYMBOL_GPL(save_stack_trace_tsk);
