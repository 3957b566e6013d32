/*
 * kernels.c
 *		Choosing the kernels for this CPU.
 */
#include "math/kernels.h"

const Kernels *kernels = &kernels_portable;

/*
 * Set "kernels" to the widest set that this CPU can run.  Called once, when
 * the library is loaded.
 */
void
kernels_choose(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") &&
		__builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512vl"))
		kernels = &kernels_avx512;
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		kernels = &kernels_avx2;
#endif
}
