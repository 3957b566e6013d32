/*
 * traits.c
 *		What the defaults of algorithms are made of.
 *
 * Rules of several algorithms are about the same few numbers: how many ratings
 * a user or an item has, which share of all pairs was observed, how large the
 * effect of chance is, and whether users have a taste at all.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "engine/taste.h"
#include "engine/traits.h"

/* See chance_bound. */
#define SHARE_WITH_TASTE .35
#define SHARE_WITHOUT_TASTE .8

/* The mean number of ratings of a user. */
double
user_ratings_mean(const DataTraits *traits)
{
	return (double) traits->shape.ratings / Max(traits->shape.users, 1);
}

/* The mean number of ratings of an item. */
double
item_ratings_mean(const DataTraits *traits)
{
	return (double) traits->shape.ratings / Max(traits->shape.items, 1);
}

/*
 * How many ratings the item of a rating has, on average over the ratings: more
 * than the mean item, by how uneven popularity is.  NaN before they are read.
 */
static double
item_ratings_typical(const DataTraits *traits)
{
	return traits->item_pairs / Max(traits->shape.ratings, 1);
}

/* The share of all pairs of users and items that were observed. */
double
ratings_density(const DataTraits *traits)
{
	return user_ratings_mean(traits) / Max(traits->shape.items, 1);
}

/* See ratings_taste.  NaN before the ratings are read. */
double
traits_taste(const DataTraits *traits)
{
	return traits->ratings == NULL ? NAN : ratings_taste(traits->ratings);
}

/*
 * Up to which size the singular values of the matrix of who has what shall be
 * taken for chance, and cut off by a penalty.  A random matrix whose rows and
 * columns have n and m ones has singular values up to about sqrt(n) + sqrt(m).
 * To cut off all of them leaves popularity: right where users have no taste.
 * Where they have one, faint signals are lost as well; to cut off a third has
 * lists within .07 of the best on twelve data sets, of any shape.  NaN before
 * the ratings are read.
 */
double
chance_bound(const DataTraits *traits)
{
	double		share = SHARE_WITHOUT_TASTE +
		traits_taste(traits) * (SHARE_WITH_TASTE - SHARE_WITHOUT_TASTE);

	return share * (sqrt(user_ratings_mean(traits)) + sqrt(item_ratings_typical(traits)));
}

/*
 * The mean of the ratings, taken as weights: 1 if all are 1.  Not the root of the
 * mean square, which a few heavy ones would decide.
 */
double
weight_level(const DataTraits *traits)
{
	return traits->mean;
}

/*
 * A number within bounds, with two digits that say something: what a person
 * would have written.  NaN stays NaN.
 */
double
plain_number(double x, double min, double max)
{
	char		text[32];

	if (!(x > min))
		return isnan(x) ? x : min;
	snprintf(text, sizeof(text), "%.1e", Min(x, max));
	return strtod(text, NULL);
}

/* The root of a number to the next multiple of 16, within bounds. */
int
root_in_steps(double x, int least, int most)
{
	int			steps = (int) ceil(sqrt(x) / 16);

	return Max(least, Min(most, 16 * steps));
}
