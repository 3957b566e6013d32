/*
 * scan.h
 *		Reading ratings straight from a plain table, by several processes.
 */
#ifndef RECSYS_RATINGS_SCAN_H
#define RECSYS_RATINGS_SCAN_H

#include "postgres.h"

#include "ratings/loader.h"
#include "ratings/source.h"

extern bool scan_can_read(const RatingsSource *source);
extern void scan_read(const RatingsSource *source, Loader *loader);

#endif							/* RECSYS_RATINGS_SCAN_H */
