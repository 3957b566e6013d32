-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION recsys UPDATE TO '0.2.0'" to load this file. \quit

-- Makes of 0.1.0 what recsys--0.2.0.sql creates;
-- test/t/015_update.pl compares the two.

CREATE FUNCTION recsys_model_bytes(model regclass)
RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100;

COMMENT ON FUNCTION recsys_model_bytes(regclass) IS
'internal: size of a model with its indexes, or NULL if it is locked, for the view recsys_models';

CREATE OR REPLACE VIEW recsys_models AS
SELECT c.oid::pg_catalog.regclass AS model,
	   pg_catalog.pg_get_userbyid(c.relowner) AS owner,
	   h.algorithm,
	   h.version,
	   h.trained_at,
	   h.users,
	   h.items,
	   h.ratings,
	   @extschema@.recsys_model_bytes(c.oid) AS bytes,
	   h.options
  FROM pg_catalog.pg_class c
	   CROSS JOIN LATERAL @extschema@.recsys_model_header(c.oid) h
 WHERE c.relkind OPERATOR(pg_catalog.=) 'r'
   AND c.reloftype OPERATOR(pg_catalog.=) '@extschema@.recsys_model'::pg_catalog.regtype
   AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
   AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
   AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace)
   -- reading it would run the functions of its policies
   AND NOT pg_catalog.row_security_active(c.oid);

COMMENT ON VIEW recsys_models IS
'Models that the current user may read, with their newest version. Models under row-level security are left out. What is locked at the moment is NULL.';

-- Where NULL is given for the number of results, or for what else has a default,
-- it means the default.  Calls cost what they take, so that a query that asks for
-- some hundred users is not compiled.

ALTER FUNCTION recsys_predict(regclass, "any", "any") COST 100;
ALTER FUNCTION mf_predict(regclass, "any", "any") COST 100;
ALTER FUNCTION recsys_recommend(regclass, anyelement, int, bool) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_recommend(regclass, text, int, bool) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_recommend_all(regclass, int, bool) CALLED ON NULL INPUT;
ALTER FUNCTION mf_recommend(regclass, anyelement, int, bool) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION mf_recommend(regclass, text, int, bool) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_similar_items(regclass, anyelement, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_similar_items(regclass, text, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION mf_similar_items(regclass, anyelement, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION mf_similar_items(regclass, text, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_similar_users(regclass, anyelement, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION recsys_similar_users(regclass, text, int, text) CALLED ON NULL INPUT COST 10000;
ALTER FUNCTION item_knn_recommend(regclass, anyelement, int, text, int, int, int, float8, text, bool, name, name, name) COST 25000;
ALTER FUNCTION item_knn_recommend(regclass, text, int, text, int, int, int, float8, text, bool, name, name, name) COST 25000;
ALTER FUNCTION user_knn_recommend(regclass, anyelement, int, text, int, int, int, float8, text, bool, name, name, name) COST 25000;
ALTER FUNCTION user_knn_recommend(regclass, text, int, text, int, int, int, float8, text, bool, name, name, name) COST 25000;
ALTER FUNCTION similar_items(regclass, anyelement, int, text, int, float8, name, name, name) COST 25000;
ALTER FUNCTION similar_items(regclass, text, int, text, int, float8, name, name, name) COST 25000;
ALTER FUNCTION similar_users(regclass, anyelement, int, text, int, float8, name, name, name) COST 25000;
ALTER FUNCTION similar_users(regclass, text, int, text, int, float8, name, name, name) COST 25000;

-- Comments in plainer words.

COMMENT ON AGGREGATE pearson_corr(float8, float8) IS
'Pearson correlation of pairs. A pair with a NULL is skipped. NULL if there is no pair or a side does not vary. NaN if a value is NaN or infinite, as with corr().';

COMMENT ON FUNCTION pearson_corr(float8[], float8[]) IS
'Pearson correlation of two arrays of equal length. A position with a NULL is skipped. NULL if there is no pair or a side does not vary. NaN if a value is NaN or infinite, as with corr().';

COMMENT ON AGGREGATE cosine_sim(float8, float8) IS
'Cosine similarity of pairs. A pair with a NULL is skipped. NULL if there is no pair or a side is all zero. NaN if a value is NaN or infinite.';

COMMENT ON FUNCTION cosine_sim(float8[], float8[]) IS
'Cosine similarity of two arrays of equal length. A position with a NULL is skipped. NULL if there is no pair or a side is all zero. NaN if a value is NaN or infinite.';

COMMENT ON AGGREGATE msd_sim(float8, float8) IS
'Similarity 1 / (1 + mean of (x - y)^2) of pairs. A pair with a NULL is skipped. NULL if there is no pair. 0 if a difference is infinite.';

COMMENT ON FUNCTION msd_sim(float8[], float8[]) IS
'Similarity 1 / (1 + mean of (x - y)^2) of two arrays of equal length. A position with a NULL is skipped. NULL if there is no pair. 0 if a difference is infinite.';

COMMENT ON AGGREGATE jaccard_sim(float8, float8) IS
'Jaccard similarity of pairs: the number of pairs where both values are non-zero, divided by the number where either is. A pair with a NULL is skipped. NULL if no pair has a non-zero value. NaN if a value is NaN.';

COMMENT ON FUNCTION jaccard_sim(anyarray, anyarray) IS
'Jaccard similarity of two sets: the number of elements in both, divided by the number in either. NULL elements are ignored. NULL if both are empty. Two float8[] are taken as series, as by the aggregate, not as sets.';

COMMENT ON AGGREGATE euclidean_dist(float8, float8) IS
'Euclidean distance of pairs. A pair with a NULL is skipped. NULL if there is no pair. Infinity if a difference is infinite.';

COMMENT ON FUNCTION euclidean_dist(float8[], float8[]) IS
'Euclidean distance of two arrays of equal length. A position with a NULL is skipped. NULL if there is no pair. Infinity if a difference is infinite.';

COMMENT ON AGGREGATE manhattan_dist(float8, float8) IS
'Manhattan distance of pairs: the sum of |x - y|. A pair with a NULL is skipped. NULL if there is no pair. Infinity if a difference is infinite.';

COMMENT ON FUNCTION manhattan_dist(float8[], float8[]) IS
'Manhattan distance of two arrays of equal length: the sum of |x - y|. A position with a NULL is skipped. NULL if there is no pair. Infinity if a difference is infinite.';

COMMENT ON AGGREGATE hamming_dist(float8, float8) IS
'Hamming distance of pairs: the number of pairs whose values differ. A pair with a NULL is skipped. NULL if there is no pair. NaN if a value is NaN.';

COMMENT ON FUNCTION hamming_dist(float8[], float8[]) IS
'Hamming distance of two arrays of equal length: the number of positions whose values differ. A position with a NULL is skipped. NULL if there is no pair. NaN if a value is NaN.';

COMMENT ON AGGREGATE weighted_rating(float8, float8, float8) IS
'Bayesian mean v/(v+m) R + m/(v+m) C of v non-null ratings with mean R. m = min_votes and C = prior must be the same in all rows of a group. The prior if v = 0. NULL if there are no rows, m or C is NULL, or v = m = 0.';

COMMENT ON AGGREGATE mse(float8, float8) IS
'Mean squared error of predictions. A row with a NULL is skipped. NULL if no row is left.';

COMMENT ON AGGREGATE rmse(float8, float8) IS
'Root mean squared error of predictions. A row with a NULL is skipped. NULL if no row is left.';

COMMENT ON AGGREGATE mae(float8, float8) IS
'Mean absolute error of predictions. A row with a NULL is skipped. NULL if no row is left.';

COMMENT ON AGGREGATE mape(float8, float8) IS
'Mean absolute error of predictions relative to the actual values, as a share (.1 is ten per cent). Rows with a NULL or an actual value of zero are skipped. NULL if no row is left.';

COMMENT ON AGGREGATE fcp("any", float8, float8) IS
'Fraction of concordant pairs: of the pairs of one user''s items with different actual values, the share that the predictions put into the same order. A row with a NULL is skipped. NULL if there is no such pair.';

COMMENT ON TYPE recsys_model IS
'Row of a model: one block of one part of one version. A model is a table OF this type.';

COMMENT ON FUNCTION recsys_top_n_support(internal) IS
'internal: planner support for functions that return as many rows as an argument says';

COMMENT ON FUNCTION recsys_train(text, regclass, text, jsonb, name, name, name) IS
'Trains a model on a relation of ratings. Creates the table "model", or adds a version to it. With rating_col NULL every row counts as 1. With ratings NULL only items are trained on, if the algorithm can. The view recsys_algorithms lists algorithms and options.';


COMMENT ON FUNCTION mf_train(text, regclass, text, int, int, float8, float8, int, jsonb, name, name, name) IS
'Trains a matrix factorization: recsys_train with the most common options as arguments. NULL means the algorithm''s default.';

COMMENT ON FUNCTION recsys_predict(regclass, "any", "any") IS
'Predicted rating or preference of a user for an item. Falls back to the best available baseline for an unknown user or item. NULL only for a NULL id.';

COMMENT ON FUNCTION mf_predict(regclass, "any", "any") IS
'Predicted rating of a user for an item: the same as recsys_predict.';

COMMENT ON FUNCTION recsys_recommend(regclass, anyelement, int, bool) IS
'The n best items for a user. With exclude_seen, items that they have rated are left out. basis is "personalized", or "popular" for a user whom the model does not know, or for whom it has no item: then score is the number of ratings. NULL as n or exclude_seen means the default.';

COMMENT ON FUNCTION recsys_recommend(regclass, text, int, bool) IS
'The n best items for a user. With exclude_seen, items that they have rated are left out. basis is "personalized", or "popular" for a user whom the model does not know, or for whom it has no item: then score is the number of ratings. NULL as n or exclude_seen means the default. Ids are returned as text.';

COMMENT ON FUNCTION recsys_recommend_all(regclass, int, bool) IS
'The n best items for every user of a model: the lists of recsys_recommend, made by parallel workers. NULL as n or exclude_seen means the default. Ids are returned as text.';

COMMENT ON FUNCTION mf_recommend(regclass, anyelement, int, bool) IS
'The n best items for a user: the same as recsys_recommend.';

COMMENT ON FUNCTION mf_recommend(regclass, text, int, bool) IS
'The n best items for a user: the same as recsys_recommend. Ids are returned as text.';

COMMENT ON FUNCTION recsys_similar_items(regclass, anyelement, int, text) IS
'The n items most similar to an item. metric compares factors: cosine, dot, euclidean or manhattan. With the last two, similarity is the distance, and the nearest come first. Models without factors have a similarity of their own.';

COMMENT ON FUNCTION recsys_similar_items(regclass, text, int, text) IS
'The n items most similar to an item. metric compares factors: cosine, dot, euclidean or manhattan. With the last two, similarity is the distance, and the nearest come first. Models without factors have a similarity of their own. Ids are returned as text.';

COMMENT ON FUNCTION mf_similar_items(regclass, anyelement, int, text) IS
'The n items most similar to an item: the same as recsys_similar_items.';

COMMENT ON FUNCTION mf_similar_items(regclass, text, int, text) IS
'The n items most similar to an item: the same as recsys_similar_items. Ids are returned as text.';

COMMENT ON FUNCTION recsys_similar_users(regclass, anyelement, int, text) IS
'The n users most similar to a user. metric is that of recsys_similar_items.';

COMMENT ON FUNCTION recsys_similar_users(regclass, text, int, text) IS
'The n users most similar to a user. metric is that of recsys_similar_items. Ids are returned as text.';

COMMENT ON FUNCTION item_knn_recommend(regclass, anyelement, int, text, int, int, int, float8, text, bool, name, name, name) IS
'The n best items for a user, by the k most similar items that they have rated. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with.';

COMMENT ON FUNCTION item_knn_recommend(regclass, text, int, text, int, int, int, float8, text, bool, name, name, name) IS
'The n best items for a user, by the k most similar items that they have rated. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with. Ids are returned as text.';

COMMENT ON FUNCTION user_knn_recommend(regclass, anyelement, int, text, int, int, int, float8, text, bool, name, name, name) IS
'The n best items for a user, by the ratings of the k most similar users. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with.';

COMMENT ON FUNCTION user_knn_recommend(regclass, text, int, text, int, int, int, float8, text, bool, name, name, name) IS
'The n best items for a user, by the ratings of the k most similar users. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with. Ids are returned as text.';

COMMENT ON FUNCTION similar_items(regclass, anyelement, int, text, int, float8, name, name, name) IS
'The n items most similar to an item, by their ratings. support is the number of users who rated both. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with.';

COMMENT ON FUNCTION similar_items(regclass, text, int, text, int, float8, name, name, name) IS
'The n items most similar to an item, by their ratings. support is the number of users who rated both. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with. Ids are returned as text.';

COMMENT ON FUNCTION similar_users(regclass, anyelement, int, text, int, float8, name, name, name) IS
'The n users most similar to a user, by their ratings. support is the number of items that both rated. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with.';

COMMENT ON FUNCTION similar_users(regclass, text, int, text, int, float8, name, name, name) IS
'The n users most similar to a user, by their ratings. support is the number of items that both rated. source is a relation of ratings, read as it is now, or a model of item_knn or user_knn; with a model, an argument left at its default means what the model was trained with. Ids are returned as text.';

COMMENT ON FUNCTION recsys_cross_validate(regclass, text, jsonb, int, int, name, name, name) IS
'Errors of predicting each fold of the ratings by a model of the other folds. Ratings are assigned to folds at random. The same seed gives every algorithm the same folds.';

COMMENT ON FUNCTION precision_at_k(anyarray, anyarray, int) IS
'Share of the first k recommendations that are relevant: hits / k, even if the list is shorter. NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION recall_at_k(anyarray, anyarray, int) IS
'Share of the relevant items that are among the first k recommendations: hits / number of relevant items, even if that is more than k. NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION ndcg_at_k(anyarray, anyarray, int) IS
'Normalized discounted cumulative gain of the first k recommendations: the sum of 1 / log2(rank + 1) over the hits, divided by that of a list whose first min(k, number of relevant items) entries are hits. NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION average_precision_at_k(anyarray, anyarray, int) IS
'Sum of the precision up to the rank of each hit among the first k recommendations, divided by min(k, number of relevant items). NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION hit_at_k(anyarray, anyarray, int) IS
'1 if one of the first k recommendations is relevant, otherwise 0. NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION reciprocal_rank(anyarray, anyarray, int) IS
'1 / rank of the first relevant item among the first k recommendations, 0 if there is none. NULL if nothing is relevant. NULL elements are ignored, a repeated relevant value counts once, and only the first occurrence of a repeated item can be a hit.';

COMMENT ON FUNCTION recsys_evaluate(regclass, text, jsonb, jsonb, int, name, name, name) IS
'Measures an algorithm on ratings held out from its training. popular is the same for the list of the most rated items.
rmse, mae: errors, if the algorithm predicts ratings; popular: those of the item''s mean rating.
precision, recall, hit_rate, ndcg, map, mrr: means of precision_at_k and its like over users with something relevant held out. All items are ranked except those that the user has in training, unless "exclude_seen" of the split is false; "gain" says what a rating is worth to ndcg: binary, exponential or linear.
auc: probability that a relevant item is ranked above another one.
coverage: share of the items that are recommended at all.
gini: Gini coefficient of how often items are recommended.
novelty: mean of -log2(raters / users) over recommendations.
popularity: mean number of training ratings of a recommendation.
diversity: 1 - the mean cosine of two items of a list; where that would take long, of a sample of 1000 lists or more.
users: number of users measured.
"metrics" of the split, an array of these names, leaves the others out.';

COMMENT ON FUNCTION recsys_evaluate_model(regclass, regclass, int, name, name, name) IS
'Measures a trained model on rows that were kept aside, with the metrics of recsys_evaluate. Rows whose user and item are in the training of the model are left out, with a notice.';

COMMENT ON FUNCTION recsys_grid_search(regclass, text, jsonb, text, jsonb, name, name, name) IS
'Tries every combination of options on the same split, and measures one metric of recsys_evaluate. grid is an object of options, with an array where several values are to be tried. The best comes first: the least rmse or mae, the greatest of other metrics. Lists have length 10 unless the metric says otherwise, as ndcg@20 does. Combinations that are impossible, or do not fit into the memory, are left out, with a notice.';

COMMENT ON FUNCTION recsys_factors(regclass, text) IS
'Biases and vectors of the users or items of a factor model. side is "user" or "item".';

COMMENT ON FUNCTION recsys_factor_pca(regclass, text, int) IS
'Vectors of the items or users of a factor model as scores on their first principal components, the one with the greatest variance first. A higher score goes with a higher prediction, on average over the other side.';

COMMENT ON FUNCTION recsys_factor_variance(regclass, text) IS
'Principal components of the vectors of the items or users of a factor model: the variance of the scores on each, its share of the total, and its direction among the factors.';

COMMENT ON FUNCTION recsys_training_log(regclass) IS
'Iterations of the training of the newest version: the loss that is minimized, the RMSE on the training ratings, and the seconds since the start.';

COMMENT ON FUNCTION recsys_model_header(regclass) IS
'internal: header of the newest version of a model, for the view recsys_models';

COMMENT ON FUNCTION recsys_algorithm_list() IS
'internal: registry of algorithms, for the view recsys_algorithms';

COMMENT ON VIEW recsys_algorithms IS
'Algorithms of recsys_train: whether they are for explicit or implicit feedback, the form of model they make, and their options with type, default, range and help.';

-- Choosing: auto, recsys_tune, recsys_trials.

DROP FUNCTION recsys_retrain(regclass);

CREATE FUNCTION recsys_retrain(model regclass, retune boolean DEFAULT false,
	OUT model regclass, OUT version int, OUT algorithm text,
	OUT users bigint, OUT items bigint, OUT ratings bigint,
	OUT iterations int, OUT train_rmse float8, OUT seconds float8
)
AS 'MODULE_PATHNAME' LANGUAGE C STRICT COST 1000000;

COMMENT ON FUNCTION recsys_retrain(regclass, boolean) IS
'Adds a version to a model, trained on the same relation with the same algorithm and options as its newest version. With retune the algorithm and its options are searched for again, as "auto" did for this model, and from what it chose; of a model that was not made by "auto" the options alone are.';

CREATE FUNCTION recsys_tune(
	ratings regclass,
	algorithm text DEFAULT NULL,
	space jsonb DEFAULT '{}',
	metric text DEFAULT NULL,
	trials int DEFAULT 40,
	seconds float8 DEFAULT NULL,
	split jsonb DEFAULT NULL,
	seed int DEFAULT 0,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	rating_col name DEFAULT 'rating'
)
RETURNS TABLE (trial int, algorithm text, options jsonb, metric text, value float8, popular float8, seconds float8, kept boolean)
AS 'MODULE_PATHNAME' LANGUAGE C COST 1000000 ROWS 40;

COMMENT ON FUNCTION recsys_tune(regclass, text, jsonb, text, int, float8, jsonb, int, name, name, name) IS
'Searches for the best options of an algorithm, or, without one, for the best algorithm and its options: many settings on a sample of users, the better ones on larger samples, three on all users. space says what to vary: an array lists values, {"min": .001, "max": 1, "log": true} is a range, other values are the same in all settings; without an algorithm it has such an object for each algorithm that is not to be searched as it declares itself. The metric is one of recsys_evaluate, ndcg@10 unless said. The best comes first. popular is the same metric of the popular list, or of item means, on the same rows; kept says whether the setting came to the last sample, which has all users.';

CREATE FUNCTION recsys_trials(model regclass)
RETURNS TABLE (trial int, algorithm text, options jsonb, metric text, value float8, popular float8, seconds float8, kept boolean)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED ROWS 40;

COMMENT ON FUNCTION recsys_trials(regclass) IS
'What was tried when "auto" chose the algorithm and options of a model, the best first, as recsys_tune has it. No rows for other models.';
