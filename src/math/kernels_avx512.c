/*
 * kernels_avx512.c
 *		The kernels for x86-64 CPUs with AVX-512 (F, BW, DQ and VL).
 */
#ifdef __x86_64__

#define VECTOR_BYTES 64
#define KERNEL_SET kernels_avx512
#define KERNEL_ISA "avx512"

#include "math/kernels_body.h"

#endif							/* __x86_64__ */
