/*
 * algorithm.h
 *		The descriptor of an algorithm: all that the rest of recsys knows of it.
 *
 * To add one, fill a descriptor in a file of its own and list it in
 * algorithms/registry.h and registry.c.
 */
#ifndef RECSYS_ENGINE_ALGORITHM_H
#define RECSYS_ENGINE_ALGORITHM_H

#include "postgres.h"

#include "engine/options.h"
#include "engine/progress.h"
#include "engine/space.h"
#include "model/draft.h"
#include "model/model.h"
#include "ratings/matrix.h"
#include "ratings/source.h"

/* What kind of data an algorithm is for. */
typedef enum Feedback
{
	FEEDBACK_EXPLICIT,			/* ratings */
	FEEDBACK_IMPLICIT,			/* how often or how much something was done */
	FEEDBACK_BOTH
} Feedback;

/* An algorithm that another one trains as a part of its model. */
typedef struct Component
{
	const struct Algorithm *algorithm;
	const void *options;
} Component;

/*
 * What of the data a default, or the time of a run, may depend on.  While the
 * ratings are counted, before they are read, all but the shape is NaN.
 */
typedef struct DataTraits
{
	MatrixShape shape;
	double		user_pairs;		/* sum over users of their number of ratings, squared */
	double		item_pairs;		/* the same over items */
	double		mean;			/* of the ratings, as are the following */
	double		stddev;
	double		minimum;
	double		maximum;
	const Interactions *ratings;	/* themselves; NULL before they are read */
} DataTraits;

/*
 * A training run, in one of the processes that share it.  Whoever starts a run
 * sets the algorithm, options, source, ratings and progress (train.h); the rest
 * is the run's.  The leader alone has the ids of the ratings, a draft and a
 * progress.
 */
typedef struct TrainContext
{
	const struct Algorithm *algorithm;
	const void *options;		/* the algorithm's struct, settled */
	const RatingsSource *source;	/* where the ratings came from; NULL in workers */
	const Interactions *ratings;	/* to train on */
	double		scale;			/* what they have been divided by (scale.h) */
	const Interactions *model_ratings;	/* those of the model: the same, unless train
										 * has set others, with more items */
	void	   *state;			/* what attach has made */
	struct Team *team;			/* NULL: the leader works alone */
	ModelDraft *draft;			/* to be filled; arrays live as long as the run */
	Oid			item_type;		/* of items that train has read itself */
	Progress   *progress;

	/* If training has diverged, why it says so, and what to do; else NULL. */
	const char *divergence;
	const char *divergence_hint;
	int			iteration_limit;	/* 0: what the options say */

	/* If the run is a search: shall there be one more iteration? */
	bool		(*goes_on) (struct TrainContext *context);
	struct Search *search;

	Size		held;			/* bytes in use besides the ratings to train on */
	Jsonb	   *choice;			/* how the algorithm was chosen; NULL: the caller said it */

	/* The runs of train_component, in the order of the components. */
	struct TrainContext *component[MODEL_COMPONENTS];
	int			components;
} TrainContext;

/*
 * What an algorithm is.  Its functions get its struct of options; they are
 * called by the engine alone, those of a run with the run's memory context as
 * the current one, and raise an error when they cannot do what is asked.
 */
typedef struct Algorithm
{
	const char *name;			/* as users give it */
	const char *family;			/* for users, who choose by it */
	Feedback	feedback;
	const ModelForm *form;		/* of its models; NULL: of those it chooses */
	const char *description;	/* a line for users */

	OptionTable options;		/* besides the common ones */
	SearchSpace space;			/* of its options, for those who search */
	size_t		iteration;		/* offset of IterationOptions; 0: it has none */
	bool		ratings_optional;	/* can it learn from something else alone? */
	bool		needs_stored_ratings;	/* is a model of no use without its ratings? */
	bool		dense;			/* does it call BLAS or LAPACK? */
	bool		depends_on_scale;	/* do ratings need the scale of stars (scale.h)? */
	size_t		learning_rate;	/* offset of it, a double, to be lowered if training
								 * diverges; 0: it has none */

	/*
	 * Decide the options left open, and check those that depend on each
	 * other.  has_values: there are ratings that differ.  May be NULL.
	 */
	void		(*prepare) (void *options, bool has_values);

	/*
	 * Decide the options left open that depend on the data.  It is called more
	 * than once: while ratings are counted, to know what they will take, and
	 * when they have been read.  May be NULL.
	 */
	void		(*suit) (void *options, const DataTraits *traits);

	/* Does it predict ratings?  NULL: it does, if it is for explicit feedback. */
	bool		(*predicts_ratings) (const void *options);

	/*
	 * If it does, how its lists are damped (list_model.c): by the scores of a
	 * model of list_algorithm, with list_options, a JSON object; or by the
	 * items' numbers of ratings; or not at all.
	 */
	const struct Algorithm *list_algorithm;
	const char *list_options;
	bool		list_by_counts;

	/*
	 * Bytes that a run needs besides the interaction matrix, and those that
	 * each process needs more.  scratch may be NULL: none.
	 */
	Size		(*memory) (const MatrixShape *shape, const void *options);
	Size		(*scratch) (const MatrixShape *shape, const void *options);

	/*
	 * Seconds that a run takes on one core, roughly (cost.h), under options that
	 * suit the data.  NULL: so few that nobody asks.
	 */
	double		(*cost) (const DataTraits *traits, const void *options);
	const char *long_run_hint;	/* what to try where they are many; with cost only */

	/*
	 * Make the state of a run in this process: shared arrays (team_array) and
	 * work space of its own, palloc'd.  May be NULL.
	 */
	void	   *(*attach) (TrainContext *context);

	/*
	 * Do a unit of a phase, numbered from 0; returns a number to be added up.
	 * Phases and arguments mean what train takes them for (team.h).  NULL:
	 * training is the leader's alone.
	 */
	double		(*work) (TrainContext *context, int phase, int64 argument, int unit);

	/* If it is dense: is it under these options?  NULL: always. */
	bool		(*is_dense) (const void *options);

	/* Is there anything to share under these options?  NULL: always. */
	bool		(*has_work) (const void *options);

	/*
	 * Put another algorithm with its options in the place of this one, which
	 * is a way to choose, in context->algorithm and context->options, and
	 * say in context->choice how it was chosen.  NULL: it is trained itself.
	 */
	void		(*choose) (struct TrainContext *context);

	/* The leader: run the phases (team_run) and fill context->draft. */
	void		(*train) (TrainContext *context);

	/*
	 * The algorithms that its train trains, by train_component, for a model of
	 * components.  It has no work of its own to share then.  NULL: it is whole.
	 */
	const Component *(*components) (const void *options, int *count);

	/*
	 * Predict a user's ratings of some items [count], as the training stands
	 * between two iterations, into prediction [count].  Needed by those that
	 * have ITERATION_OPTIONS.
	 */
	void		(*predict) (TrainContext *context, int32 user, const int32 *item,
							int count, double *prediction);
} Algorithm;

/* Defined by algorithms/registry.c; ends with NULL. */
extern const Algorithm *const algorithms[];

extern const Algorithm *algorithm_lookup(const char *name);
extern bool predicts_ratings(const Algorithm *algorithm, const void *options);
extern bool lists_are_damped(const Algorithm *algorithm, const void *options);
extern void require_weights(const Algorithm *algorithm, const Interactions *ratings);

#endif							/* RECSYS_ENGINE_ALGORITHM_H */
