/*
 * kernels_product.h
 *		Products of matrices, for one instruction set: a part of kernels_body.h.
 *
 * A tile of the result, some rows by the lanes of two registers, stays in
 * registers while it is summed up over the inner dimension: each step takes two
 * registers of the right matrix and, for each row, one element of the left.  An
 * element is always the sum of its products in their order, so it does not depend
 * on which others are computed with it.
 */

#define TILE_COLS (2 * LANES)

/* Steps of the inner dimension that are packed and done at a time. */
#define TILE_STEPS 128

/* The registers of a tile: there are 32 with AVX-512, or else 16. */
#if VECTOR_BYTES == 64
#define TILE_ROWS 8
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#else
#define TILE_ROWS 6
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#endif

/* The alignment has to be declared: see lane_sum(). */
#define ON_STACK __attribute__((aligned(VECTOR_BYTES)))

/* A matrix, by the distances of its rows and of the elements of a row. */
typedef struct Strided
{
	const float *element;
	size_t		row;
	size_t		step;
} Strided;

/* Missing rows are read as the last one; their results are not kept. */
#define ROW_BEGIN(r) \
	const float *a##r = a.element + (r < rows ? r : rows - 1) * a.row; \
	Vector		left##r = {0}; \
	Vector		right##r = {0};
#define ROW_ADD(r) \
	left##r += a##r[at] * b_left; \
	right##r += a##r[at] * b_right;
#define ROW_END(r) \
	store(tile + r * TILE_COLS, left##r); \
	store(tile + r * TILE_COLS + LANES, right##r);

/* tile [TILE_ROWS x TILE_COLS] = A B, for "rows" rows of A and B [steps x TILE_COLS]. */
static void
multiply_tile(int rows, int steps, Strided a, const float *b, float *tile)
{
	EACH_ROW(ROW_BEGIN)
	for (size_t at = 0; steps > 0; steps--, at += a.step, b += TILE_COLS)
	{
		Vector		b_left = load(b);
		Vector		b_right = load(b + LANES);

		EACH_ROW(ROW_ADD)
	}
	EACH_ROW(ROW_END)
}

/* out += tile, as far as there are rows and columns. */
static void
add_tile(int rows, int cols, const float *tile, float *out, size_t out_row)
{
	for (int r = 0; r < rows; r++, tile += TILE_COLS, out += out_row)
	{
		if (cols == TILE_COLS)
		{
			store(out, load(out) + load(tile));
			store(out + LANES, load(out + LANES) + load(tile + LANES));
		}
		else
			for (int c = 0; c < cols; c++)
				out[c] += tile[c];
	}
}

#if defined(__clang__) || __GNUC__ >= 12
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t QuadBits __attribute__((vector_size(16)));
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, (QuadBits) {i, j, k, l})
#endif

/* Four elements as a vector. */
static inline Quad
load_quad(const float *x)
{
	Quad		quad;

	memcpy(&quad, x, sizeof(quad));
	return quad;
}

/* The transpose of 4 x 4 elements. */
static inline void
transpose_quads(const float *x, size_t x_row, float *out, size_t out_row)
{
	Quad		x0 = load_quad(x);
	Quad		x1 = load_quad(x + x_row);
	Quad		x2 = load_quad(x + 2 * x_row);
	Quad		x3 = load_quad(x + 3 * x_row);
	Quad		low01 = PICK(x0, x1, 0, 4, 1, 5);
	Quad		low23 = PICK(x2, x3, 0, 4, 1, 5);
	Quad		high01 = PICK(x0, x1, 2, 6, 3, 7);
	Quad		high23 = PICK(x2, x3, 2, 6, 3, 7);
	Quad		result[4] = {
		PICK(low01, low23, 0, 1, 4, 5), PICK(low01, low23, 2, 3, 6, 7),
		PICK(high01, high23, 0, 1, 4, 5), PICK(high01, high23, 2, 3, 6, 7)
	};

	for (int i = 0; i < 4; i++)
		memcpy(out + i * out_row, &result[i], sizeof(Quad));
}

/*
 * packed [steps x TILE_COLS] = the transpose of y [cols x steps], whose rows are
 * n apart.  steps is a multiple of 4; columns that are not there are 0.
 */
static void
pack(int cols, int steps, int n, const float *y, float *packed)
{
	int			whole = cols - cols % 4;

	for (int c = 0; c < whole; c += 4)
		for (int s = 0; s < steps; s += 4)
			transpose_quads(y + (size_t) c * n + s, n, packed + s * TILE_COLS + c, TILE_COLS);
	for (int c = whole; c < TILE_COLS; c++)
		for (int s = 0; s < steps; s++)
			packed[s * TILE_COLS + c] = c < cols ? y[(size_t) c * n + s] : 0;
}

/* Some columns of a product, some steps of it. */
static void
product_of_panel(int rows, int cols, int steps, Strided x, const float *packed, float *out,
				 size_t out_row)
{
	float		tile[TILE_ROWS * TILE_COLS] ON_STACK;

	for (int r = 0; r < rows; r += TILE_ROWS)
	{
		int			there = rows - r < TILE_ROWS ? rows - r : TILE_ROWS;
		Strided		a = {x.element + r * x.row, x.row, x.step};

		multiply_tile(there, steps, a, packed, tile);
		add_tile(there, cols, tile, out + r * out_row, out_row);
	}
}

/* Products of all rows of two matrices; see kernels.h. */
static void
products(int rows, int cols, int n, const float *x, const float *y, float *out, size_t stride)
{
	float		packed[TILE_STEPS * TILE_COLS] ON_STACK;

	for (int c = 0; c < cols; c += TILE_COLS)
		for (int s = 0; s < n; s += TILE_STEPS)
		{
			int			there = cols - c < TILE_COLS ? cols - c : TILE_COLS;
			int			steps = n - s < TILE_STEPS ? n - s : TILE_STEPS;
			Strided		left = {x + s, n, 1};

			pack(there, steps, n, y + (size_t) c * n + s, packed);
			product_of_panel(rows, there, steps, left, packed, out + c, stride);
		}
}

/* packed [steps x TILE_COLS] = some columns of x, whose rows are n apart. */
static void
copy_panel(int cols, int steps, int n, const float *x, float *packed)
{
	for (int s = 0; s < steps; s++, x += n, packed += TILE_COLS)
	{
		memcpy(packed, x, sizeof(float) * cols);
		memset(packed + cols, 0, sizeof(float) * (TILE_COLS - cols));
	}
}

/*
 * X'X: the rows of x, some at a time, are the steps of the inner dimension;
 * its columns are the rows of both factors.
 */
static void
gram(size_t rows, int n, const float *x, float *out)
{
	float		packed[TILE_STEPS * TILE_COLS] ON_STACK;

	memset(out, 0, sizeof(float) * n * n);
	for (size_t from = 0; from < rows; from += TILE_STEPS, x += (size_t) TILE_STEPS * n)
		for (int c = 0; c < n; c += TILE_COLS)
		{
			int			there = n - c < TILE_COLS ? n - c : TILE_COLS;
			int			steps = rows - from < TILE_STEPS ? rows - from : TILE_STEPS;
			Strided		left = {x, 1, n};

			copy_panel(there, steps, n, x + c, packed);
			product_of_panel(n, there, steps, left, packed, out + c, n);
		}
}
