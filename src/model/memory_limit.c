/*
 * memory_limit.c
 *		The bound on the memory of one model: recsys.model_memory_limit.
 *
 * The sizes in a header are only claims of whoever wrote it.  The memory that a
 * model would take is computed from them before anything is read or allocated,
 * and a model that would take more than the setting allows is not opened at all.
 */
#include "postgres.h"
#include "compat.h"

#include <limits.h>

#include "utils/guc.h"

#include "model/model.h"

static int	model_memory_limit = 4 * 1024 * 1024;	/* kB */

/* Define the setting; called when the library is loaded. */
void
model_memory_limit_init(void)
{
	DefineCustomIntVariable("recsys.model_memory_limit",
							"Maximum memory of a model.",
							"A larger model is refused before it is read.",
							&model_memory_limit, 4 * 1024 * 1024, 64, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
}

/*
 * Error if so many bytes are more than a model may take; "what" is the subject
 * of the message.
 */
void
model_require_memory(Size bytes, const char *what)
{
	Size		megabytes = bytes / (1024 * 1024) + 1;

	if (bytes / 1024 < model_memory_limit)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s needs about %zu MB of memory, more than \"recsys.model_memory_limit\" allows",
					what, megabytes),
			 errdetail("\"recsys.model_memory_limit\" is %d kB.", model_memory_limit),
			 errhint("Set it to at least '%zuMB' if you trust the owner of the model.", megabytes)));
}
