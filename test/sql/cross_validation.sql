-- Cross-validation: the same folds for all, models of the other folds only.
SET client_min_messages = warning;	-- on a slow machine it tells its progress
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, round(3 + (i % 3 - 1) * 1.3 + CASE WHEN (u + i) % 2 = 0 THEN .8 ELSE -.8 END
                                  + ((u * 31 + i * 17) % 7 - 3) * .25)))::float8 AS rating
  FROM generate_series(1, 60) u, generate_series(1, 40) i
 WHERE (u * 13 + i * 7 + u * i) % 3 <> 0;

-- Every rating is in one fold, and folds are equal, or differ by one.
SELECT fold, train_ratings + test_ratings = (SELECT count(*) FROM ratings) AS all,
       test_ratings, rmse ^ 2 - mse < 1e-12 AS root, mae <= rmse AS below, fcp BETWEEN 0 AND 1 AS share,
       fit_seconds >= 0 AND test_seconds >= 0 AS seconds
  FROM recsys_cross_validate('ratings', 'als', '{"factors": 4}', folds => 7) ORDER BY fold;

-- Leave one out in closed form: with biases held at zero by their
-- regularization, each rating is predicted as the mean of all others.
CREATE TABLE few AS SELECT * FROM ratings WHERE user_id <= 7;
SELECT count(*) = (SELECT count(*) FROM few) AS folds, sum(test_ratings) = count(*) AS one_each,
       bool_and(fcp IS NULL) AS no_pairs,
       abs(avg(mse) - (SELECT avg((rating - (total - rating) / (n - 1)) ^ 2)
                         FROM few, (SELECT sum(rating) AS total, count(*) AS n FROM few) s)) < 1e-6 AS mean_of_others,
       abs(avg(mae) - (SELECT avg(abs(rating - (total - rating) / (n - 1)))
                         FROM few, (SELECT sum(rating) AS total, count(*) AS n FROM few) s)) < 1e-6 AS likewise
  FROM recsys_cross_validate('few', 'baseline_als', '{"item_regularization": 1e9, "user_regularization": 1e9}',
                             folds => (SELECT count(*)::int FROM few));

-- The rating that a fold is without is not there to be remembered: a user's
-- nearest would predict it exactly.
CREATE TABLE twice AS
SELECT user_id + s * 1000 AS user_id, item_id, rating FROM ratings, generate_series(0, 1) s;
SELECT avg(rmse) BETWEEN .2 AND 1 AS not_seen
  FROM recsys_cross_validate('twice', 'user_knn', '{"k": 1}', folds => 2);

-- Each algorithm that learns is better than the mean of all, and repeats; the
-- seed deals other folds.
CREATE FUNCTION folds_of(relation regclass, algorithm text, seed int, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', fold, train_ratings, test_ratings, rmse, mae, mse, fcp), ';' ORDER BY fold)
	  FROM recsys_cross_validate(relation, algorithm, options, 3, seed) $$;
CREATE VIEW shuffled AS SELECT * FROM ratings ORDER BY md5(user_id || ' ' || item_id);
SELECT name, (SELECT avg(mse) FROM recsys_cross_validate('ratings', name)) < (SELECT var_pop(rating) FROM ratings) AS learns,
       folds_of('ratings', name, 0) = folds_of('shuffled', name, 0) AS repeats,
       folds_of('ratings', name, 0) <> folds_of('ratings', name, 1) AS seeded
  FROM recsys_algorithms WHERE feedback <> 'implicit' AND name NOT IN ('popular', 'content', 'auto') ORDER BY 1;

-- With workers too.
SET recsys.ratings_per_worker = 50;
SET max_parallel_maintenance_workers = 0;
CREATE TABLE alone AS SELECT name, folds_of('ratings', name, 0) AS folds FROM recsys_algorithms WHERE feedback <> 'implicit' AND name NOT IN ('popular', 'content', 'auto');
SET max_parallel_maintenance_workers = 2;
SELECT bool_and(folds = folds_of('ratings', name, 0)) AS same FROM alone;
RESET max_parallel_maintenance_workers;
RESET recsys.ratings_per_worker;

-- The folds do not depend on the algorithm: two that predict the same thing in
-- different ways err by the same.
SELECT max(abs(a.mse - b.mse)) < 1e-4 AS same_folds
  FROM recsys_cross_validate('ratings', 'baseline_als', '{"item_regularization": 1e9, "user_regularization": 1e9}') a
  JOIN recsys_cross_validate('ratings', 'svd', '{"init_stddev": 0, "learning_rate": 1e-9}') b USING (fold);

-- The mean of each item is something to beat, too.
SELECT (SELECT avg(mse) FROM recsys_cross_validate('ratings', 'popular', '{"score": "mean"}')) < (SELECT var_pop(rating) FROM ratings) AS learns;

-- Text ids, other columns, a query that only reads, kept lists of neighbors.
CREATE TABLE named AS SELECT 'u' || user_id AS who, 'i' || item_id AS what, rating::numeric AS stars FROM ratings;
BEGIN READ ONLY;
SELECT count(*), avg(rmse) < 1 AS good
  FROM recsys_cross_validate('named', 'item_knn', '{"neighbors": 10, "score": "centered"}', 4, 9, 'who', 'what', 'stars');
COMMIT;

-- Users and items with a single rating, which the other folds know nothing of.
CREATE TABLE strangers AS SELECT u AS user_id, u AS item_id, 1 + u % 5 AS rating FROM generate_series(1, 40) u;
SELECT a.name, (SELECT count(rmse) FROM recsys_cross_validate('strangers', a.name, '{}', 4)) AS folds
  FROM recsys_algorithms a WHERE feedback <> 'implicit' AND name NOT IN ('popular', 'content', 'auto') ORDER BY 1;

-- Options are those of training: duplicates, clip, early stopping.
INSERT INTO few SELECT user_id, item_id, rating + 1 FROM few WHERE user_id = 1;
SELECT sum(test_ratings) = (SELECT count(*) FROM (SELECT DISTINCT user_id, item_id FROM few) d) AS merged
  FROM recsys_cross_validate('few', 'svd');
SET client_min_messages = notice;
SELECT count(*) FROM recsys_cross_validate('ratings', 'baseline_als', '{"iterations": 1, "validation_fraction": 0.2}', 2);

-- What can be wrong.
SELECT * FROM recsys_cross_validate('ratings', 'svd', folds => 1);
SELECT * FROM recsys_cross_validate('ratings', 'svd', folds => 257);
SELECT * FROM recsys_cross_validate('ratings', 'svd', folds => NULL);
SELECT * FROM recsys_cross_validate('ratings', 'svd', seed => NULL);
SELECT * FROM recsys_cross_validate(NULL, 'svd');
SELECT * FROM recsys_cross_validate('ratings', 'svdd');
SELECT * FROM recsys_cross_validate('ratings', 'svd', '{"factor": 4}');
SELECT * FROM recsys_cross_validate('ratings', 'svd', rating_col => NULL);
SELECT * FROM recsys_cross_validate('ratings', 'svd', rating_col => 'stars');
CREATE TABLE three AS SELECT * FROM ratings LIMIT 3;
SELECT * FROM recsys_cross_validate('three', 'svd');
CREATE TABLE none AS SELECT * FROM ratings LIMIT 0;
SELECT * FROM recsys_cross_validate('none', 'svd');
SET maintenance_work_mem = '1MB';
CREATE TABLE many AS
SELECT u AS user_id, (u * 7 + i * i) % 900 AS item_id, 1 + (u + i) % 5 AS rating
  FROM generate_series(1, 500) u, generate_series(1, 100) i;
SELECT * FROM recsys_cross_validate('many', 'svd');
RESET maintenance_work_mem;
CREATE ROLE recsys_cv_guest;
SET ROLE recsys_cv_guest;
SELECT * FROM recsys_cross_validate('ratings', 'svd');
RESET ROLE;
DROP ROLE recsys_cv_guest;
DROP VIEW shuffled;
DROP FUNCTION folds_of;
DROP TABLE ratings, few, twice, alone, named, strangers, three, none, many;
