/*
 * dense.c
 *		Loading the library for dense linear algebra.
 *
 * The code in src/math calls BLAS and LAPACK as if they were there.  Whoever is
 * about to call it, in any process, calls dense_require first.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/dense.h"
#include "math/blas.h"

/* Errors: OpenBLAS cannot have its memory, or is not installed. */
void
dense_require(void)
{
	BlasStatus	status = blas_load();

	if (status == BLAS_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("OpenBLAS needs %d MB of address space in each process that uses it.",
						   BLAS_BUFFER_MEGABYTES),
				 errhint("Raise the server's limit on address space (ulimit -v) or, with vm.overcommit_memory = 2, the system's limit on committed memory; or use an algorithm without dense linear algebra, such as svd with the option list_score \"prediction\".")));
	if (status == BLAS_NO_LIBRARY)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("could not load OpenBLAS: %s", blas_problem()),
				 errhint("Install the serial OpenBLAS, on Debian the package libopenblas0-serial.")));
}

/* The same, if an algorithm will call BLAS or LAPACK under these options. */
void
dense_require_for(const Algorithm *algorithm, const void *options)
{
	if (algorithm->dense && (algorithm->is_dense == NULL || algorithm->is_dense(options)))
		dense_require();
}
