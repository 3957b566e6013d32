/*
 * similarity.c
 *		Unit tests of similarities of rows and of weighted values, against their
 *		definitions.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "similarity/rows.h"
#include "similarity/weighting.h"

#include "samples.h"
#include "tap.h"

/* Similarity by its definition; NaN where it is not defined. */
static double
defined(const SparseRows *m, SimilarityKind kind, int x, int y)
{
	double		n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, sd = 0;
	double		whole_x = 0, whole_y = 0, n_x = 0, n_y = 0;

	for (int c = 0; c < m->cols; c++)
	{
		double		a = value_at(m, x, c);
		double		b = value_at(m, y, c);

		whole_x += a * a;
		whole_y += b * b;
		n_x += a != 0;
		n_y += b != 0;
		if (a == 0 || b == 0)
			continue;
		n++;
		sx += a;
		sy += b;
		sxx += a * a;
		syy += b * b;
		sxy += a * b;
		sd += (a - b) * (a - b);
	}
	if (n == 0)
		return NAN;
	switch (kind)
	{
		case SIMILARITY_COSINE:
			return sxy / sqrt(whole_x * whole_y);
		case SIMILARITY_COSINE_COMMON:
			return sxy / sqrt(sxx * syy);
		case SIMILARITY_MSD:
			return 1 / (1 + sd / n);
		case SIMILARITY_JACCARD:
			return n / (n_x + n_y - n);
		case SIMILARITY_DOT:
			return sxy;
		case SIMILARITY_ASYMMETRIC_COSINE:
			return sxy / (pow(whole_x, .3) * pow(whole_y, .7));
		case SIMILARITY_LIFT:
			return n * m->cols / (n_x * n_y);
		case SIMILARITY_COOCCURRENCE:
			return n;
		case SIMILARITY_PEARSON:
			sxx = n * sxx - sx * sx;
			syy = n * syy - sy * sy;
			return sxx > 0 && syy > 0 ? (n * sxy - sx * sy) / sqrt(sxx * syy) : NAN;
		default:
			return NAN;
	}
}

static bool
rows_agree(SimilarityKind kind)
{
	enum
	{
		ROWS = 30, COLS = 25
	};
	SparseRows	m = random_matrix(ROWS, COLS);
	SparseRows	t = transpose(&m);
	RowStats	stats[ROWS];
	CooccurrenceSums light[ROWS] = {{0}};
	PairSums	pair[ROWS] = {{0}};
	double		offset[ROWS];
	int32_t		touched[ROWS];
	RowSimilarity similarity = {
		.measure = {.kind = kind, .min_support = 1, .asymmetry = .3},
		.rows = &m, .columns = &t, .row_stats = stats, .column_count = COLS,
		.row_offset = kind == SIMILARITY_PEARSON ? offset : NULL,
		.cooccurrence = similarity_uses_cooccurrence(kind) ? light : NULL,
		.pair = similarity_uses_cooccurrence(kind) ? NULL : pair,
		.touched = touched
	};
	bool		agree = true;

	for (int r = 0; r < ROWS; r++)
	{
		stats[r] = row_stats(&m, r);
		offset[r] = rint(stats[r].mean);
	}
	for (int x = 0; x < ROWS; x++)
	{
		row_similarity_start(&similarity);
		row_similarity_add(&similarity, x, m.start[x], m.start[x + 1]);
		for (int y = 0; y < ROWS; y++)
		{
			int32_t		support;
			double		found = row_similarity_get(&similarity, x, y, &support);
			double		expected = defined(&m, kind, x, y);

			agree = agree && (isnan(expected) ? isnan(found) : near(found, expected, 1e-12));
		}
		/* Left for the next start to clear, as after an error. */
		if (x % 2 == 0)
			row_similarity_end(&similarity);
	}
	free_matrix(&m);
	free_matrix(&t);
	return agree;
}

/* Sums of differences against their definition, added up in two steps. */
static bool
differences_agree(void)
{
	enum
	{
		ROWS = 30, COLS = 25
	};
	SparseRows	m = random_matrix(ROWS, COLS);
	SparseRows	t = transpose(&m);
	bool		agree = true;

	for (int x = 0; x < ROWS; x++)
	{
		CooccurrenceSums sums[ROWS] = {{0}};
		int64_t		middle = (m.start[x] + m.start[x + 1]) / 2;

		row_differences_add(&m, &t, m.start[x], middle, sums);
		row_differences_add(&m, &t, middle, m.start[x + 1], sums);
		for (int y = 0; y < ROWS; y++)
		{
			double		sum = 0;
			int			n = 0;

			for (int c = 0; c < COLS; c++)
				if (value_at(&m, x, c) != 0 && value_at(&m, y, c) != 0)
				{
					sum += value_at(&m, x, c) - value_at(&m, y, c);
					n++;
				}
			agree = agree && sums[y].sum == sum && sums[y].n == n;
		}
	}
	free_matrix(&m);
	free_matrix(&t);
	return agree;
}

/* The weight of an entry by its definition, given sums over its row and its column. */
static double
defined_weight(const Weighting *weighting, const SparseRows *m, int row, int col)
{
	double		x = value_at(m, row, col);
	double		length = 0, total = 0, squares = 0, idf = 0;

	for (int c = 0; c < m->cols; c++)
	{
		double		a = value_at(m, row, c);
		int			having = 0;

		for (int r = 0; r < m->rows; r++)
		{
			having += value_at(m, r, c) != 0;
			total += value_at(m, r, c);
		}
		length += a;
		squares += a * pow(log(m->rows / (1.0 + having)), 2);
		if (c == col)
			idf = log(m->rows / (1.0 + having));
	}
	if (weighting->kind == WEIGHTING_TFIDF)
		return sqrt(x) * idf / sqrt(squares);
	length *= m->rows / total;
	return x * (weighting->k1 + 1) / (weighting->k1 * (1 - weighting->b + weighting->b * length) + x) * idf;
}

/* Of a matrix and of its transpose. */
static bool
weights_agree(WeightingKind kind)
{
	enum
	{
		ROWS = 30, COLS = 25
	};
	const Weighting weighting = {.kind = kind, .k1 = 1.5, .b = .6};
	SparseRows	m = random_matrix(ROWS, COLS);
	SparseRows	t = transpose(&m);
	double		row_scale[ROWS];
	double		column_scale[COLS];
	float		value[ROWS * COLS];
	float		across[ROWS * COLS];
	bool		agree = true;

	weighting_columns(&t, 0, 11, column_scale);
	weighting_columns(&t, 11, COLS, column_scale);
	for (int r = 0; r < ROWS; r++)
		row_scale[r] = weighting_row(&weighting, &m, r, weighting_mean_length(&m), column_scale);
	for (int r = 0; r < ROWS; r++)
		weighting_apply(&weighting, &m, r, false, row_scale, column_scale, value);
	for (int c = 0; c < COLS; c++)
		weighting_apply(&weighting, &t, c, true, row_scale, column_scale, across);
	for (int r = 0; r < ROWS; r++)
		for (int64_t e = m.start[r]; e < m.start[r + 1]; e++)
		{
			double		expected = defined_weight(&weighting, &m, r, m.index[e]);

			agree = agree && near(value[e], expected, 1e-6) &&
				near(across[sparse_find(&t, m.index[e], r)], expected, 1e-6);
		}
	free_matrix(&m);
	free_matrix(&t);
	return agree;
}

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	kernels_choose();
	ok(rows_agree(SIMILARITY_COSINE), "rows of cosine");
	ok(rows_agree(SIMILARITY_COSINE_COMMON), "rows of cosine_common");
	ok(rows_agree(SIMILARITY_PEARSON), "rows of pearson");
	ok(rows_agree(SIMILARITY_MSD), "rows of msd");
	ok(rows_agree(SIMILARITY_JACCARD), "rows of jaccard");
	ok(rows_agree(SIMILARITY_DOT), "rows of dot");
	ok(rows_agree(SIMILARITY_ASYMMETRIC_COSINE), "rows of asymmetric_cosine");
	ok(rows_agree(SIMILARITY_LIFT), "rows of lift");
	ok(rows_agree(SIMILARITY_COOCCURRENCE), "rows of cooccurrence");
	ok(differences_agree(), "rows of differences");
	ok(weights_agree(WEIGHTING_TFIDF), "weights of tfidf");
	ok(weights_agree(WEIGHTING_BM25), "weights of bm25");
	return failures > 0;
}
