-- Nothing of what is held out is seen by training, by the popularity baseline,
-- or by what users are recommended.
SET client_min_messages = warning;	-- on a slow machine it tells its progress
CREATE TABLE past AS
SELECT u AS user_id, i AS item_id, (1 + (u * 7 + i * 13 + u * i) % 9 / 2.0)::float8 AS rating, 1 AS t
  FROM generate_series(1, 90) u, generate_series(1, 40) i WHERE (u * 11 + i * 5 + u * i) % 4 < 2 AND i % 20 <> 0;
-- Item 20 has two ratings in the past, and would have enough with those to come.
INSERT INTO past VALUES (1, 20, 4, 1), (2, 20, 2, 1);
-- The detectors: item 1000 that is held out only, everybody has it and loves
-- it, and its ratings are beyond the range of all others; users who are held
-- out only; and a signal, that who has item 20 has item 1000.
CREATE TABLE future AS
SELECT u AS user_id, 1000 AS item_id, 9::float8 AS rating, 2 AS t FROM generate_series(1, 90) u
UNION ALL SELECT u, 20, 9, 2 FROM generate_series(3, 90) u
UNION ALL SELECT u, i, 9, 2 FROM generate_series(91, 95) u, generate_series(1, 5) i;
-- Another future for the same users, and other items.
CREATE TABLE other_future AS
SELECT u AS user_id, 2000 + u % 3 AS item_id, 1::float8 AS rating, 2 AS t FROM generate_series(1, 90) u
UNION ALL SELECT u, 30 + u % 2, 1, 2 FROM generate_series(91, 95) u;
CREATE TABLE ratings AS TABLE past UNION ALL TABLE future;
CREATE TABLE other_ratings AS TABLE past UNION ALL TABLE other_future;

CREATE TABLE cases (algorithm text, options jsonb);
INSERT INTO cases SELECT name, o FROM recsys_algorithms, unnest('{"{}", "{\"min_item_ratings\": 5, \"min_user_ratings\": 3}"}'::jsonb[]) o
 WHERE name NOT IN ('content', 'hybrid');
INSERT INTO cases SELECT name, '{"validation_fraction": 0.2}' FROM recsys_algorithms
 WHERE options @> '[{"name": "validation_fraction"}]' AND name NOT IN ('content', 'hybrid');

CREATE TABLE measured AS
SELECT c.*, w.what, q.metric, q.value, q.popular
  FROM cases c,
       LATERAL (VALUES ('ratings', '{"method": "temporal", "time_col": "t", "after": 1}'::jsonb),
                       ('past', '{"method": "given", "test": "future"}'),
                       ('other_ratings', '{"method": "temporal", "time_col": "t", "after": 1}')) w(what, split),
       LATERAL recsys_evaluate(w.what::regclass, c.algorithm, c.options, w.split, 8) q;

-- Training on all of the rows but those held out is training on a table that
-- never had them.
SELECT algorithm, options, metric FROM measured GROUP BY 1, 2, 3
HAVING count(*) FILTER (WHERE what = 'ratings') <> 1 OR count(*) FILTER (WHERE what = 'past') <> 1
    OR max(value) FILTER (WHERE what = 'ratings') IS DISTINCT FROM max(value) FILTER (WHERE what = 'past')
    OR max(popular) FILTER (WHERE what = 'ratings') IS DISTINCT FROM max(popular) FILTER (WHERE what = 'past');

-- Whatever comes, the same users are recommended the same.
SELECT algorithm, options, metric FROM measured
 WHERE metric IN ('coverage', 'novelty', 'gini', 'diversity', 'popularity', 'users') GROUP BY 1, 2, 3
HAVING max(value) FILTER (WHERE what = 'ratings') IS DISTINCT FROM max(value) FILTER (WHERE what = 'other_ratings')
    OR max(popular) FILTER (WHERE what = 'ratings') IS DISTINCT FROM max(popular) FILTER (WHERE what = 'other_ratings');

-- Who never saw item 1000 cannot find it, in a list of everything: of 95 users
-- 88 have item 20 to be found beside it, 2 have nothing, 5 have not to find it.
-- Predictions stay within the range of what was seen.
SELECT bool_and(value <= (88 * .5 + 5) / 95 + 1e-9) AS not_found, bool_and(abs(popular - (88 * .5 + 5) / 95) < 1e-9) AS all_others FROM
       (SELECT q.* FROM cases c, LATERAL recsys_evaluate('ratings', c.algorithm, c.options, '{"method": "temporal", "time_col": "t", "after": 1}', 1000) q
         WHERE c.options = '{}' AND q.metric = 'recall') r;
SELECT count(*) > 0 AS some, bool_and(value >= 9 - 5) AS out_of_range FROM measured WHERE metric = 'rmse' AND what = 'ratings' AND algorithm <> 'normal';

-- Fewer ratings in the training part than are wanted: item 20 is left out of
-- every fold that has one of its ratings, and would not be by counting all.
CREATE TABLE few AS SELECT * FROM past WHERE item_id <> 20
UNION ALL SELECT u, 20, 3, 1 FROM generate_series(1, 10) u;
SELECT bool_or(train_ratings + test_ratings < (SELECT count(*) FROM few)) AS pruned_without_fold, sum(test_ratings) = (SELECT count(*) FROM few) AS all_tested
  FROM recsys_cross_validate('few', 'baseline_als', '{"min_item_ratings": 10}', 5);

-- Negatives that are drawn are never what a user has, or will have.
SELECT bool_and(value = 1) AS always_among_ten
  FROM generate_series(1, 5) seed,
       recsys_evaluate('past', 'baseline_als', '{}', jsonb_build_object('method', 'leave_one_out', 'seed', seed, 'sampled_negatives', 9), 10)
 WHERE metric = 'hit_rate';
DROP TABLE past, future, other_future, ratings, other_ratings, cases, measured, few;
