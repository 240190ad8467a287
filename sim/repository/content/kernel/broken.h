/* What a driver too old for a kernel runs into: a function that the kernel no longer has. */
#include <linux/timer.h>

static inline void nv_start_timer(struct timer_list *timer)
{
	init_timer_of_an_older_kernel(timer, nv_start_timer);
}
