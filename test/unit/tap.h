/*
 * tap.h
 *		What the unit tests share: a line for each test, and comparing numbers.
 */
#ifndef RECSYS_TEST_UNIT_TAP_H
#define RECSYS_TEST_UNIT_TAP_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static int	failures;

static void
ok(bool passed, const char *name)
{
	printf("%s - %s\n", passed ? "ok" : "not ok", name);
	failures += !passed;
}

static inline bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

#endif							/* RECSYS_TEST_UNIT_TAP_H */
