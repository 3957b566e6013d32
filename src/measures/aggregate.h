/*
 * aggregate.h
 *		What the aggregates share: the memory of their states, combining and
 *		deserializing them.
 */
#ifndef RECSYS_MEASURES_AGGREGATE_H
#define RECSYS_MEASURES_AGGREGATE_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

extern MemoryContext aggregate_context(FunctionCallInfo fcinfo);
extern bool states_to_combine(FunctionCallInfo fcinfo, Size size, void **into,
							  void **from);
extern StringInfoData serialized_input(FunctionCallInfo fcinfo, int expected);

#endif							/* RECSYS_MEASURES_AGGREGATE_H */
