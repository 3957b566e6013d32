--
-- Choosing: auto, recsys_trials, recsys_tune, retune.  What is planted in data
-- that are made here has to be found.
--
SET client_min_messages = warning;
CREATE SCHEMA choosing;
SET search_path = choosing, public;

CREATE FUNCTION refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text;
BEGIN
	EXECUTE query;
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;

-- No taste: whoever came took what is popular.
CREATE TABLE no_taste AS
SELECT u AS user_id, i AS item_id
  FROM generate_series(1, 2000) u, generate_series(0, 79) i
 WHERE (hashint8(u * 1000 + i)::bigint & 1023) < 410 / (1 + i / 5.0);

-- Four groups of users, each with items of its own, all of which are as popular.
CREATE TABLE groups AS
SELECT u AS user_id, (u % 4) * 50 + i AS item_id
  FROM generate_series(1, 1200) u, generate_series(0, 49) i
 WHERE (hashint8(u * 977 + i)::bigint & 1023) < 250;

-- Stars that follow two factors of users and items.
CREATE TABLE planes AS
SELECT u AS user_id, i AS item_id,
       greatest(1, least(5, round(3 + 1.5 * sin(u) * cos(i) + 1.5 * cos(u * 1.7) * sin(i * 2.3))))::real AS rating
  FROM generate_series(1, 300) u, generate_series(1, 60) i
 WHERE (hashint8(u * 313 + i)::bigint & 1023) < 400;

-- Nothing beats the popular list where there is no taste, and auto is not worse.
SELECT value >= .97 * popular AS as_good
  FROM recsys_evaluate('no_taste', 'auto', '{"trials": 12}', '{"method": "per_user", "seed": 5}', rating_col => NULL)
 WHERE metric = 'ndcg';

-- Where there are groups it finds them.
SELECT value > 2 * popular AS better
  FROM recsys_evaluate('groups', 'auto', '{"trials": 12}', '{"method": "per_user", "seed": 5}', rating_col => NULL)
 WHERE metric = 'ndcg';

-- Whoever wants predictions gets an algorithm that predicts, and one that has found the factors.
SELECT metric, value < .75 * popular AS better_than_means
  FROM recsys_evaluate('planes', 'auto', '{"metric": "rmse", "trials": 12}') WHERE metric = 'rmse';

-- It is taken by cross-validation, which chooses in each fold.
SELECT count(*) AS folds, bool_and(rmse < .8) AS good
  FROM recsys_cross_validate('planes', 'auto', '{"metric": "rmse", "trials": 6}', folds => 2);

-- What is left is an ordinary model, which says how it was chosen.
SELECT users, items FROM recsys_train('chosen', 'groups', 'auto', '{"trials": 14}', rating_col => NULL);
SELECT count(*) FROM recsys_recommend('chosen', 1);
SELECT algorithm <> 'auto' AS itself FROM recsys_models WHERE model = 'chosen'::regclass;
SELECT count(*) >= 14 AS all_trials, count(DISTINCT trial) = count(*) AS numbered,
       bool_or(algorithm = 'popular') AS popular_too, min(metric) AS metric,
       bool_and(value IS NOT NULL OR NOT kept) AS measured
  FROM recsys_trials('chosen');

-- The first is the winner, which is what was trained, and no kept one is better.
SELECT t.algorithm = m.algorithm AS same_algorithm, m.options @> t.options OR t.algorithm = 'hybrid' AS same_options,
       t.value = (SELECT max(value) FROM recsys_trials('chosen') WHERE kept) AS best,
       t.value >= t.popular AS not_below_popular
  FROM recsys_trials('chosen') WITH ORDINALITY t, recsys_models m
 WHERE ordinality = 1 AND m.model = 'chosen'::regclass;

-- Every algorithm with a space has been tried with its defaults.
SELECT string_agg(algorithm, ' ' ORDER BY algorithm) FROM recsys_trials('chosen') WHERE options = '{}';

-- The same rows and options choose the same, in whatever order they are read, with workers or without.
CREATE TABLE groups_again AS SELECT * FROM groups ORDER BY hashint8(user_id * 31 + item_id);
SET recsys.ratings_per_worker = 1000;
SELECT FROM recsys_train('chosen_again', 'groups_again', 'auto', '{"trials": 14}', rating_col => NULL);
RESET recsys.ratings_per_worker;
SELECT count(*) AS differences
  FROM (SELECT trial, algorithm, options, value, popular, kept FROM recsys_trials('chosen')
        EXCEPT SELECT trial, algorithm, options, value, popular, kept FROM recsys_trials('chosen_again')) d;
SELECT a.data = b.data AS same FROM chosen a JOIN chosen_again b USING (version, part, block) WHERE part = 'ratings';

-- Retraining keeps what was chosen, and how; retune searches again from that.
SELECT a.algorithm = (SELECT algorithm FROM recsys_trials('chosen') LIMIT 1) AS kept FROM recsys_retrain('chosen') a;
SELECT count(*) > 0 AS still FROM recsys_trials('chosen');
SELECT version FROM recsys_retrain('chosen', retune => true);
SELECT count(*) > 14 AS and_the_winner FROM recsys_trials('chosen');

-- Another model's options are searched for.
SELECT FROM recsys_train('fixed', 'groups', 'rp3beta', '{"k": 1}', rating_col => NULL);
SELECT count(*) FROM recsys_trials('fixed');
SELECT version FROM recsys_retrain('fixed', retune => true);
SELECT bool_and(algorithm IN ('rp3beta', 'popular')) FROM recsys_trials('fixed');

-- Only the algorithms that are named, with the space that is given.
SELECT algorithm, options
  FROM recsys_tune('groups', NULL, '{"rp3beta": {"k": [7], "beta": 0.1}}', trials => 2, rating_col => NULL)
 WHERE algorithm = 'rp3beta' ORDER BY trial;
SELECT bool_and((options ->> 'factors')::int IN (4, 8) OR options = '{"iterations": 3}') AS of_the_array,
       bool_and((options ->> 'regularization')::float8 BETWEEN .01 AND .1 OR options = '{"iterations": 3}') AS in_range,
       bool_and(options @> '{"iterations": 3}') AS fixed, count(*)
  FROM recsys_tune('groups', 'ials', '{"factors": [4, 8], "regularization": {"min": 0.01, "max": 0.1, "log": true}, "iterations": 3}',
                   'recall@5', 9, rating_col => NULL);

-- Models that rank beside what predicts ratings are not tuned with it.
SELECT count(*) = 2 AS tried FROM recsys_tune('planes', 'gradient', '{"factors": [2, 3]}', trials => 2);

-- The best comes first.
SELECT bool_and(value <= before OR before IS NULL OR kept <> kept_before) AS in_order
  FROM (SELECT value, kept, lag(value) OVER () AS before, lag(kept) OVER () AS kept_before
          FROM recsys_tune('groups', 'item_knn', trials => 8, rating_col => NULL)) t WHERE kept;

-- A split that is said: the newest of each user, which nobody else has, cannot be found.
CREATE TABLE newest AS
SELECT u AS user_id, CASE i WHEN 10 THEN 1000 + u ELSE i END AS item_id, i AS t
  FROM generate_series(1, 300) u, generate_series(1, 10) i;
SELECT max(value) AS found
  FROM recsys_tune('newest', 'rp3beta', '{"time_col": "t"}', 'recall', 4, split => '{"method": "leave_one_out"}', rating_col => NULL);
SELECT count(*) > 0 AS tried, bool_and(value > 0)
  FROM recsys_tune('groups', 'rp3beta', trials => 3, split => '{"method": "given", "test": "no_taste"}', rating_col => NULL);

-- What does not fit into memory is left out, and said; what is left is not below the popular list.
CREATE TABLE wide AS
SELECT DISTINCT u AS user_id, ((power((hashint8(u * 40 + k)::bigint & 65535) / 65536.0, 2) * 3000)::int) AS item_id
  FROM generate_series(1, 1500) u, generate_series(1, 12) k;
SET maintenance_work_mem = '32MB';
SELECT algorithm FROM recsys_train('thrifty', 'wide', 'auto', '{"trials": 3, "algorithms": ["ease"]}', rating_col => NULL);
SELECT algorithm, value >= popular AS as_good FROM recsys_trials('thrifty') LIMIT 1;
SELECT refusal($$ SELECT recsys_tune('wide', 'ease', rating_col => NULL) $$);
RESET maintenance_work_mem;

-- With a bound on time the default comes out at least.
SELECT count(*) >= 1 AS some FROM recsys_tune('groups', 'bpr', seconds => .001, rating_col => NULL) WHERE value IS NOT NULL;

-- A setting that cannot be is out, the others go on.
SELECT bool_or(options @> '{"similarity": "msd"}') AS impossible, bool_or(options @> '{"similarity": "cosine"}') AS possible
  FROM recsys_tune('groups', 'item_knn', '{"similarity": ["msd", "cosine"], "weighting": "bm25"}', trials => 6, rating_col => NULL);

-- Users held out whole: who cannot serve them is out, the others go on.
SELECT array_agg(DISTINCT algorithm ORDER BY algorithm) AS can_serve
  FROM recsys_tune('groups', NULL, trials => 8, split => '{"method": "users"}', rating_col => NULL) WHERE value IS NOT NULL AND algorithm <> 'hybrid';
SELECT refusal($$ SELECT recsys_tune('groups', 'user_knn', split => '{"method": "users"}', rating_col => NULL) $$);

-- What is wrong is said.
SELECT refusal(q) FROM unnest(ARRAY[
	$$ SELECT recsys_tune('groups', 'auto', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'nobody', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '[]', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '{"factors": []}', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '{"factors": {"min": 8}}', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '{"factors": {"min": 8, "max": 100000}}', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '{"regularization": {"min": 0, "max": 1, "log": true}}', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', '{"factor": [8]}', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', metric => 'beauty', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', metric => 'rmse', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'als', rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', trials => 0, rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', seconds => -1, rating_col => NULL) $$,
	$$ SELECT recsys_tune('groups', 'ials', split => '{"method": "magic"}', rating_col => NULL) $$,
	$$ SELECT recsys_train('x', 'groups', 'auto', '{"algorithms": ["nobody"]}', rating_col => NULL) $$,
	$$ SELECT recsys_train('x', 'groups', 'auto', '{"metric": "beauty"}', rating_col => NULL) $$,
	$$ SELECT recsys_train('x', 'groups', 'auto', '{"start": []}', rating_col => NULL) $$,
	$$ SELECT recsys_train('x', 'planes', 'hybrid', '{"components": [{"algorithm": "auto"}]}') $$]) q;

-- A damaged choice is an error, or nothing: the model is not trusted.
CREATE TABLE damaged OF recsys_model (PRIMARY KEY (version, part, block));
INSERT INTO damaged SELECT * FROM fixed;
UPDATE damaged SET meta = jsonb_set(meta, '{choice,trials,0,trial}', '"one"') WHERE part = 'header';
SELECT refusal($$ SELECT recsys_trials('damaged') $$);

DROP SCHEMA choosing CASCADE;
