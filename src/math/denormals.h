/*
 * denormals.h
 *		Numbers next to zero are made zero.
 *
 * A processor takes a hundred times as long for a number that is denormal, below
 * 1e-38 in single precision, and vectors that a strong penalty makes vanish come
 * through there.  None of them makes a difference.
 */
#ifndef RECSYS_MATH_DENORMALS_H
#define RECSYS_MATH_DENORMALS_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

/* Results to zero, and operands. */
#define DENORMALS_ARE_ZERO 0x8040

/* From now on denormals are zero, in this process; returns what was before. */
static inline uint64_t
denormals_flush(void)
{
	uint64_t	before = _mm_getcsr();

	_mm_setcsr((unsigned) before | DENORMALS_ARE_ZERO);
	return before;
}

/* Go on as before. */
static inline void
denormals_restore(uint64_t before)
{
	_mm_setcsr((_mm_getcsr() & ~DENORMALS_ARE_ZERO) | ((unsigned) before & DENORMALS_ARE_ZERO));
}

#elif defined(__aarch64__)

/* The bit FZ of the register FPCR. */
#define DENORMALS_ARE_ZERO (UINT64_C(1) << 24)

/* From now on denormals are zero, in this process; returns what was before. */
static inline uint64_t
denormals_flush(void)
{
	uint64_t	before;

	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	__asm__ volatile("msr fpcr, %0" : : "r"(before | DENORMALS_ARE_ZERO));
	return before;
}

/* Go on as before. */
static inline void
denormals_restore(uint64_t before)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(before));
}

#else

/* Other processors keep them. */
static inline uint64_t
denormals_flush(void)
{
	return 0;
}

/* There is nothing to undo. */
static inline void
denormals_restore(uint64_t before)
{
	(void) before;
}

#endif
#endif							/* RECSYS_MATH_DENORMALS_H */
