/*
 * memory.c
 *		What the library asks of palloc and its kin: counted, and guarded.
 *
 * The linker has every call of them in this library come here (--wrap).  Under
 * AddressSanitizer an array of a few bytes is one of many in a piece of memory
 * that the server got from malloc, so that reading beyond it would not be seen.
 * Asked for more than such pieces hold, the server gets one for each array, and
 * what lies behind the array is poisoned until that is freed.
 *
 * All bytes asked for are counted, whether or not they are freed before long.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"

#include "fuzz.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GUARD_BYTES 8200		/* more than aset.c takes from a shared piece */
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void) 0)
#define GUARD_BYTES 0
#endif

static Size requested;

/* What has been asked for since the last time that somebody wanted to know. */
Size
memory_requested(void)
{
	Size		bytes = requested;

	requested = 0;
	return bytes;
}

/* Room for a guard, but for sizes that would be refused for it. */
static Size
guarded(Size size, Size most)
{
	requested = size > SIZE_MAX - requested ? SIZE_MAX : requested + size;
	return size < most - GUARD_BYTES ? size + GUARD_BYTES : size;
}

static void *
guard(void *chunk, Size size, Size most)
{
	if (chunk != NULL && size < most - GUARD_BYTES)
		ASAN_POISON_MEMORY_REGION((char *) chunk + size, GUARD_BYTES);
	return chunk;
}

#define WRAP(name, most, size, parameters, arguments) \
	extern void *__real_##name parameters; \
	extern void *__wrap_##name parameters; \
	void * \
	__wrap_##name parameters \
	{ \
		return guard(__real_##name arguments, size, most); \
	}

#define MOST(flags) ((flags) & MCXT_ALLOC_HUGE ? MaxAllocHugeSize : MaxAllocSize)

WRAP(palloc, MaxAllocSize, size,
	 (Size size), (guarded(size, MaxAllocSize)))
WRAP(palloc0, MaxAllocSize, size,
	 (Size size), (guarded(size, MaxAllocSize)))
WRAP(palloc_extended, MOST(flags), size,
	 (Size size, int flags), (guarded(size, MOST(flags)), flags))
WRAP(repalloc, MaxAllocSize, size,
	 (void *chunk, Size size), (chunk, guarded(size, MaxAllocSize)))
WRAP(repalloc_huge, MaxAllocHugeSize, size,
	 (void *chunk, Size size), (chunk, guarded(size, MaxAllocHugeSize)))
WRAP(MemoryContextAlloc, MaxAllocSize, size,
	 (MemoryContext context, Size size), (context, guarded(size, MaxAllocSize)))
WRAP(MemoryContextAllocZero, MaxAllocSize, size,
	 (MemoryContext context, Size size), (context, guarded(size, MaxAllocSize)))
WRAP(MemoryContextAllocExtended, MOST(flags), size,
	 (MemoryContext context, Size size, int flags), (context, guarded(size, MOST(flags)), flags))
WRAP(MemoryContextAllocHuge, MaxAllocHugeSize, size,
	 (MemoryContext context, Size size), (context, guarded(size, MaxAllocHugeSize)))
