/*
 * recsys.c
 *		Module start: what has to happen once when the library is loaded.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "engine/team.h"
#include "math/kernels.h"
#include "model/model.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* Called by PostgreSQL when it has loaded the library. */
void
_PG_init(void)
{
	kernels_choose();
	model_memory_limit_init();
	model_cache_init();
	team_init();
	MarkGUCPrefixReserved("recsys");
}
