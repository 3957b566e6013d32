/*
 * kernels_portable.c
 *		The kernels for any CPU: 16-byte vectors (SSE2 on x86-64, NEON on ARM,
 *		plain code where there are none).
 */
#define VECTOR_BYTES 16
#define KERNEL_SET kernels_portable
#define KERNEL_ISA "portable"

#include "math/kernels_body.h"
