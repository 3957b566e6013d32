/*
 * blas.h
 *		The functions of BLAS and LAPACK that are used, loaded when they are needed.
 */
#ifndef RECSYS_MATH_BLAS_H
#define RECSYS_MATH_BLAS_H

/*
 * They have Fortran's interface, because Debian's serial OpenBLAS has the
 * routines of LAPACK but not the headers of LAPACKE.  Valid once blas_load has
 * returned BLAS_READY in this process.
 */
typedef struct Blas
{
	void		(*sgemm) (const char *trans_a, const char *trans_b, const int *m, const int *n,
						  const int *k, const float *alpha, const float *a, const int *lda,
						  const float *b, const int *ldb, const float *beta, float *c,
						  const int *ldc);
	void		(*sgemv) (const char *trans, const int *m, const int *n, const float *alpha,
						  const float *a, const int *lda, const float *x, const int *incx,
						  const float *beta, float *y, const int *incy);
	void		(*ssyrk) (const char *uplo, const char *trans, const int *n, const int *k,
						  const float *alpha, const float *a, const int *lda,
						  const float *beta, float *c, const int *ldc);
	void		(*strmm) (const char *side, const char *uplo, const char *trans,
						  const char *diag, const int *m, const int *n, const float *alpha,
						  const float *a, const int *lda, float *b, const int *ldb);
	void		(*strsm) (const char *side, const char *uplo, const char *trans,
						  const char *diag, const int *m, const int *n, const float *alpha,
						  const float *a, const int *lda, float *b, const int *ldb);
	void		(*slauum) (const char *uplo, const int *n, float *a, const int *lda, int *info);
	void		(*sposv) (const char *uplo, const int *n, const int *nrhs, float *a,
						  const int *lda, float *b, const int *ldb, int *info);
	void		(*spotrf) (const char *uplo, const int *n, float *a, const int *lda, int *info);
	void		(*strtri) (const char *uplo, const char *diag, const int *n, float *a,
						   const int *lda, int *info);
	void		(*dgemv) (const char *trans, const int *m, const int *n, const double *alpha,
						  const double *a, const int *lda, const double *x, const int *incx,
						  const double *beta, double *y, const int *incy);
	void		(*dsyrk) (const char *uplo, const char *trans, const int *n, const int *k,
						  const double *alpha, const double *a, const int *lda,
						  const double *beta, double *c, const int *ldc);
	void		(*dsyevr) (const char *jobz, const char *range, const char *uplo, const int *n,
						   double *a, const int *lda, const double *vl, const double *vu,
						   const int *il, const int *iu, const double *abstol, int *m,
						   double *w, double *z, const int *ldz, int *isuppz, double *work,
						   const int *lwork, int *iwork, const int *liwork, int *info);
} Blas;

typedef enum BlasStatus
{
	BLAS_READY,
	BLAS_NO_MEMORY,				/* for its buffer, or for the library */
	BLAS_NO_LIBRARY				/* blas_problem says why */
} BlasStatus;

/* Memory that the library maps in each process at its first call, at most. */
#ifdef __powerpc64__
#define BLAS_BUFFER_MEGABYTES 256
#else
#define BLAS_BUFFER_MEGABYTES 128
#endif

extern Blas blas;

extern BlasStatus blas_load(void);
extern const char *blas_problem(void);

#endif							/* RECSYS_MATH_BLAS_H */
