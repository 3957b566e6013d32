/*
 * kernels_avx2.c
 *		The kernels for x86-64 CPUs with AVX2 and FMA.
 */
#ifdef __x86_64__

#define VECTOR_BYTES 32
#define KERNEL_SET kernels_avx2
#define KERNEL_ISA "avx2"

#include "math/kernels_body.h"

#endif							/* __x86_64__ */
