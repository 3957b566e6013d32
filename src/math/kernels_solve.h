/*
 * kernels_solve.h
 *		The kernel that solves small equations, of the size of one block.
 *
 * Included by kernels_body.h.  The matrices are smaller than what a call of
 * LAPACK is worth, and there is one for each row of ratings.
 */

/* A symmetric matrix of a block. */
typedef float BlockMatrix[KERNEL_LANES][KERNEL_LANES];

/*
 * The least ridge, as a share of the mean of the diagonal.  Sums of few products
 * are singular, and steps where they are flat would be much too long.
 */
#define LEAST_RIDGE .1f

/* y' = y + step x, of a block */
static inline void
add_block(float *y, float step, const float *x)
{
	for (int i = 0; i < KERNEL_LANES; i += LANES)
		store(y + i, load(y + i) + step * load(x + i));
}

/* Rows of a matrix whose sums are in registers at once. */
#define GRAM_ROWS 4

#define GRAM_BEGIN(s, ...) Vector a##s = {0}, b##s = {0}, c##s = {0}, d##s = {0};
#define GRAM_ADD(s, y, row) \
	{ \
		Vector		columns = load((y) + (s) * LANES); \
		a##s += (y)[row] * columns; \
		b##s += (y)[(row) + 1] * columns; \
		c##s += (y)[(row) + 2] * columns; \
		d##s += (y)[(row) + 3] * columns; \
	}
#define GRAM_END(s, rows) \
	store((rows)[0] + (s) * LANES, a##s); \
	store((rows)[1] + (s) * LANES, b##s); \
	store((rows)[2] + (s) * LANES, c##s); \
	store((rows)[3] + (s) * LANES, d##s);

/* The sum of the products y y' of blocks, y = index[i] of a matrix [.. x n] from some column on. */
static inline void
gather_gram(int64_t count, int n, const float *matrix, const int32_t *index, BlockMatrix gram)
{
	for (int row = 0; row < KERNEL_LANES; row += GRAM_ROWS)
	{
		EACH(GRAM_BEGIN, )
		for (int64_t i = 0; i < count; i++)
		{
			const float *y = matrix + (size_t) index[i] * n;

			EACH(GRAM_ADD, y, row)
		}
		EACH(GRAM_END, gram + row)
	}
}

/* A ridge for sums with a trace, but so much that the matrix can be factorized. */
static inline float
enough_ridge(float ridge, float trace)
{
	float		least = 1e-20f + LEAST_RIDGE / KERNEL_LANES * trace;

	return ridge < least ? least : ridge;
}

/* Add a ridge to the diagonal. */
static inline void
add_ridge(BlockMatrix gram, float ridge)
{
	float		trace = 0;

	for (int i = 0; i < KERNEL_LANES; i++)
		trace += gram[i][i];
	ridge = enough_ridge(ridge, trace);
	for (int i = 0; i < KERNEL_LANES; i++)
		gram[i][i] += ridge;
}

/* The rows and columns of a matrix of products but for zeros at the end, which padding makes. */
static inline int
used_rows(BlockMatrix gram)
{
	int			rows = KERNEL_LANES;

	while (rows > 1 && gram[rows - 1][rows - 1] == 0)
		rows--;
	return rows;
}

/*
 * x' = A^-1 x for a positive definite A, which is used up: by A = L D L', with 1
 * on the diagonal of L.  What is below it is moved to l, by rows.  From row n on
 * there is but the diagonal.
 */
static inline void
solve_block(int n, BlockMatrix a, float *x)
{
	BlockMatrix l = {{0}};
	for (int k = 0; k < n; k++)
	{
		float		inverse = 1 / a[k][k];

		for (int i = k + 1; i < n; i++)
		{
			l[i][k] = a[i][k] * inverse;
			add_block(a[i], -l[i][k], a[k]);
			x[i] -= l[i][k] * x[k];
		}
	}
	for (int i = 0; i < KERNEL_LANES; i++)
		x[i] /= a[i][i];
	for (int k = n - 1; k > 0; k--)
		add_block(x, -x[k], l[k]);
}

/*
 * x' = (ridge I + y y')^-1 x by the formula of Sherman and Morrison: where most
 * rows have one rating, that is most of the work.
 */
static inline void
solve_rank_one(const float *y, float ridge, float *x)
{
	float		squares = dot(KERNEL_LANES, y, y);

	ridge = enough_ridge(ridge, squares);
	add_block(x, -dot(KERNEL_LANES, x, y) / (ridge + squares), y);
	for (int i = 0; i < KERNEL_LANES; i++)
		x[i] /= ridge;
}

/* x' = (ridge I + sum y y')^-1 x, of blocks of vectors chosen by index. */
static inline void
solve_ridge(int64_t count, int n, const float *matrix, const int32_t *index, float ridge,
			float *x)
{
	BlockMatrix gram;
	int			used;

	gather_gram(count, n, matrix, index, gram);
	used = used_rows(gram);
	add_ridge(gram, ridge);
	solve_block(used, gram, x);
}

/* Solve the equations of a row; see kernels.h. */
static void
gather_solve(int64_t count, int n, const float *matrix, const int32_t *index, float ridge,
			 float *x)
{
	for (int block = 0; block < n; block += KERNEL_LANES)
		if (count == 1)
			solve_rank_one(matrix + (size_t) index[0] * n + block, ridge, x + block);
		else
			solve_ridge(count, n, matrix + block, index, ridge, x + block);
}
