/*
 * options.h
 *		The options of algorithms: described by a table, given as JSON.
 */
#ifndef RECSYS_ENGINE_OPTIONS_H
#define RECSYS_ENGINE_OPTIONS_H

#include "postgres.h"

#include <math.h>

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum OptionType
{
	OPTION_BOOL,				/* bool */
	OPTION_INT,					/* int */
	OPTION_REAL,				/* double */
	OPTION_ENUM,				/* int, a position in "values" */
	OPTION_TEXT,				/* char *, NULL if not given */
	OPTION_NAMES,				/* List of char *, an array of strings; NIL if not given */
	OPTION_JSON					/* Jsonb *, an array or object; NULL if not given */
} OptionType;

/*
 * One option.  Its value goes to the given offset of the algorithm's struct of
 * options, which begins with a CommonOptions.
 */
typedef struct OptionSpec
{
	const char *name;
	OptionType	type;
	size_t		offset;
	double		default_value;	/* OPTION_AUTO: depends on other things */
	double		min;
	double		max;
	const char *const *values;	/* NULL-terminated, for OPTION_ENUM */
	const char *help;
	const char *old_name;		/* what it was called once; NULL: always "name" */
} OptionSpec;

/*
 * The default of an option that the algorithm's prepare or suit function
 * decides; it finds -1 in an int or enum, NaN in a real.
 */
#define OPTION_AUTO NAN

/*
 * An option of each type.  At the end of an option that has been renamed may
 * stand .old_name = "its name before".
 */
#define BOOL_OPTION(name, type, member, value, text, ...) \
	{name, OPTION_BOOL, offsetof(type, member), value, 0, 1, NULL, .help = text, ##__VA_ARGS__}
#define INT_OPTION(name, type, member, value, min, max, text, ...) \
	{name, OPTION_INT, offsetof(type, member), value, min, max, NULL, .help = text, ##__VA_ARGS__}
#define REAL_OPTION(name, type, member, value, min, max, text, ...) \
	{name, OPTION_REAL, offsetof(type, member), value, min, max, NULL, .help = text, ##__VA_ARGS__}
#define ENUM_OPTION(name, type, member, value, values, text, ...) \
	{name, OPTION_ENUM, offsetof(type, member), value, 0, 0, values, .help = text, ##__VA_ARGS__}
#define TEXT_OPTION(name, type, member, text, ...) \
	{name, OPTION_TEXT, offsetof(type, member), OPTION_AUTO, 0, 0, NULL, .help = text, ##__VA_ARGS__}
#define NAMES_OPTION(name, type, member, text, ...) \
	{name, OPTION_NAMES, offsetof(type, member), OPTION_AUTO, 0, 0, NULL, .help = text, ##__VA_ARGS__}
#define JSON_OPTION(name, type, member, text, ...) \
	{name, OPTION_JSON, offsetof(type, member), OPTION_AUTO, 0, 0, NULL, .help = text, ##__VA_ARGS__}

/* The options that an algorithm has besides the common ones. */
typedef struct OptionTable
{
	const OptionSpec *options;
	int			count;
	size_t		size;			/* of the struct, which begins with CommonOptions */
} OptionTable;

/* The table of an array of specifications, whose values go to a struct type. */
#define OPTION_TABLE(type, specs) \
	{.options = specs, .count = lengthof(specs), .size = sizeof(type)}

/* What the lists of a model that predicts ratings go by. */
typedef enum ListScore
{
	LIST_DAMPED,				/* by whether users would choose an item, too */
	LIST_PREDICTION				/* by the predictions alone */
} ListScore;

/* What every algorithm understands. */
typedef struct CommonOptions
{
	int			duplicates;		/* DuplicatesPolicy */
	char	   *time_col;
	bool		clip;
	bool		store_ratings;
	int			keep_versions;
	double		min_value;		/* NaN: every row counts */
	bool		binarize;
	int			min_user_ratings;
	int			min_item_ratings;
	int			list_score;		/* ListScore */

	int			weight_transform;	/* WeightTransform, -1: by the weights */
	double		weight_unit;	/* NaN: by the weights */
	int			max_user_ratings;	/* -1: by the ratings, 0: no bound */

	/*
	 * Decided by train_options: are there ratings that differ, which can be
	 * learned from?  And, by it or prepare, the ValueKind of ratings.
	 */
	bool		has_values;
	int			values;

	/* Set by prepare: does the algorithm have no use for weights? */
	bool		plain_weights;

	/* Set by train_options: what was given. */
	const Jsonb *given;

	/*
	 * Decided by train_options: those of the model that ranks beside this one;
	 * NULL: there is none.  Who asks for no lists may take them away.
	 */
	const void *list_options;

	/* Decided by train_options: is this the model that ranks beside another? */
	bool		ranks_beside;

	/* Set by train_options: say of options that they have been renamed? */
	bool		report_renamed;

	/* Set by who trains many times in one call: no notices of what was decided? */
	bool		quiet;
} CommonOptions;

/* In the order of WeightTransform. */
extern const char *const weight_transform_names[];

extern const OptionSpec common_options[];
extern const int common_option_count;

extern void *options_parse(const char *algorithm, const OptionTable *table,
						   const Jsonb *given);
extern void options_report_renamed(const OptionTable *table, const Jsonb *given);
extern Jsonb *options_encode(const OptionTable *table, const void *options);
extern Jsonb *options_describe(const OptionTable *table);
extern bool option_takes_array(const OptionSpec *spec, const Jsonb *array);
extern const OptionSpec *option_lookup(const OptionTable *table, const char *name);

#endif							/* RECSYS_ENGINE_OPTIONS_H */
