/*
 * blas.c
 *		The functions of BLAS and LAPACK that are used, loaded when they are needed.
 *
 * Serving needs none of them, and a process that does not need them should not
 * spend the milliseconds that loading OpenBLAS takes.
 *
 * OpenBLAS maps a buffer at its first call and keeps it.  If it cannot get that
 * memory it tries again forever, and does not react to signals.  So we check
 * first that the memory can be had, and make the first call at once: later calls
 * find the buffer.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "math/blas.h"

/* The library's file, as the Makefile found it, or a name for the dynamic linker. */
#ifndef BLAS_LIBRARY
#define BLAS_LIBRARY "libopenblas.so.0"
#endif

#define MEGABYTE ((size_t) 1024 * 1024)

/* Address space for the library itself. */
#define LIBRARY_MEGABYTES 48

/* Rows of the matrices of the first call: smaller ones may need no buffer. */
#define FIRST_ORDER 160

Blas blas;

static bool ready = false;
static void *library = NULL;
static const char *problem = "";

/* Where the pointer to each function belongs. */
static const struct
{
	const char *name;
	size_t		place;
}			functions[] = {
	{"sgemm_", offsetof(Blas, sgemm)},
	{"sgemv_", offsetof(Blas, sgemv)},
	{"ssyrk_", offsetof(Blas, ssyrk)},
	{"strmm_", offsetof(Blas, strmm)},
	{"strsm_", offsetof(Blas, strsm)},
	{"slauum_", offsetof(Blas, slauum)},
	{"sposv_", offsetof(Blas, sposv)},
	{"spotrf_", offsetof(Blas, spotrf)},
	{"strtri_", offsetof(Blas, strtri)},
	{"dgemv_", offsetof(Blas, dgemv)},
	{"dsyrk_", offsetof(Blas, dsyrk)},
	{"dsyevr_", offsetof(Blas, dsyevr)}
};

/* Could so much memory be mapped now? */
static bool
can_map(int megabytes)
{
	void	   *memory = mmap(NULL, megabytes * MEGABYTE, PROT_READ | PROT_WRITE,
							  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, megabytes * MEGABYTE);
	return true;
}

/* Look up all functions in the library.  False: one is missing. */
static bool
find_functions(void)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
	{
		void	   *function = dlsym(library, functions[i].name);

		if (function == NULL)
			return false;
		memcpy((char *) &blas + functions[i].place, &function, sizeof(function));
	}
	return true;
}

/*
 * Make the first call, at which the library maps its buffer.  False: there is
 * no memory for the matrices.
 */
static bool
call_first(void)
{
	const int	n = FIRST_ORDER;
	const float one = 1;
	const float zero = 0;
	float	   *matrix = calloc(2 * (size_t) n * n, sizeof(float));

	if (matrix == NULL)
		return false;
	blas.sgemm("N", "T", &n, &n, &n, &one, matrix, &n, matrix, &n, &zero, matrix + n * n, &n);
	free(matrix);
	return true;
}

/*
 * Make the functions callable in this process, if they are not yet.  After a
 * failure the next call tries again.
 */
BlasStatus
blas_load(void)
{
	if (ready)
		return BLAS_READY;
	/* Some builds of OpenBLAS map the buffer while they are loaded. */
	if (!can_map(BLAS_BUFFER_MEGABYTES + (library == NULL ? LIBRARY_MEGABYTES : 0)))
		return BLAS_NO_MEMORY;
	if (library == NULL)
		library = dlopen(BLAS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL || !find_functions())
	{
		problem = dlerror();
		return BLAS_NO_LIBRARY;
	}
	/* Two megabytes more, for what malloc takes for the matrices of the call. */
	if (!can_map(BLAS_BUFFER_MEGABYTES + 2) || !call_first())
		return BLAS_NO_MEMORY;
	ready = true;
	return BLAS_READY;
}

/*
 * Why the library could not be loaded, after BLAS_NO_LIBRARY; owned by the
 * dynamic linker.
 */
const char *
blas_problem(void)
{
	return problem;
}
