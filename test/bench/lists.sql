-- How good lists are with defaults, with options that were searched, and from
-- "auto": NDCG at 20 of what was held out, rows as clicks.
--
-- What is searched never sees what is held out: "tuned" is auto with a single
-- algorithm to choose from, trained on the same part as the default.  A cell is
-- empty where the algorithm is not searched, or could not be trained; a warning
-- says why.  One row a data set is auto itself, with all algorithms.  The whole
-- takes hours; :sets names the data sets, separated by spaces, or none: all.
\set ON_ERROR_STOP on
SET maintenance_work_mem = '8GB';
SET client_min_messages = warning;

CREATE TABLE bench.list_data (place serial, data_set text, relation regclass, split jsonb);
CREATE TABLE bench.list_quality (
	data_set text, algorithm text, way text, ndcg float8, popular float8, seconds float8);

INSERT INTO bench.list_data (data_set, relation, split)
SELECT name, coalesce(to_regclass('lists.' || quote_ident(name)), to_regclass('lists.' || quote_ident(name || '-train'))),
       CASE WHEN to_regclass('lists.' || quote_ident(name || '-test')) IS NULL THEN '{"method": "per_user", "test": 0.2, "seed": 1}'
            ELSE jsonb_build_object('method', 'given', 'test', 'lists.' || quote_ident(name || '-test')) END || '{"metrics": ["ndcg"]}'
  FROM unnest(ARRAY['gowalla', 'lastfm-2k', 'steam-200k', 'frappe', 'goodbooks-sample', 'movietweetings-100k', 'ml-1m']) name
 WHERE :'sets' = '' OR name = ANY (string_to_array(:'sets', ' '));
DELETE FROM bench.list_data WHERE relation IS NULL;

-- Measure an algorithm on what is held out; what is refused is an empty cell.
CREATE PROCEDURE bench.measure_lists(data bench.list_data, measured text, way text, algorithm text, options jsonb) LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	INSERT INTO bench.list_quality
	SELECT data.data_set, measured, way, value, popular, extract(epoch FROM clock_timestamp() - start)
	  FROM recsys_evaluate(data.relation, algorithm, options, data.split, 20, rating_col => NULL) WHERE metric = 'ndcg';
EXCEPTION WHEN program_limit_exceeded OR feature_not_supported OR invalid_parameter_value THEN
	RAISE WARNING '%, %, %: %', data.data_set, measured, way, sqlerrm;
END $$;

CREATE PROCEDURE bench.measure_all_lists() LANGUAGE plpgsql AS $$
DECLARE
	data bench.list_data;
	name text;
BEGIN
	FOR data IN SELECT * FROM bench.list_data ORDER BY place LOOP
		FOREACH name IN ARRAY ARRAY['popular', 'ials', 'bpr', 'logistic_mf', 'ease', 'slim', 'rp3beta', 'item_knn', 'user_knn', 'hybrid'] LOOP
			CALL bench.measure_lists(data, name, 'default', name, '{}');
			COMMIT;
			CONTINUE WHEN name IN ('popular', 'hybrid');
			CALL bench.measure_lists(data, name, 'tuned', 'auto', jsonb_build_object('algorithms', jsonb_build_array(name), 'trials', 40, 'metric', 'ndcg@20'));
			COMMIT;
		END LOOP;
		CALL bench.measure_lists(data, 'auto', 'auto', 'auto', '{"metric": "ndcg@20"}');
		COMMIT;
	END LOOP;
END $$;
CALL bench.measure_all_lists();

-- Promised: defaults of .85 of what is found, auto of .97 of the best here and
-- never below popular.
\pset null ''
\pset footer off
WITH cell AS (
	SELECT data_set, algorithm, max(popular) AS popular, max(ndcg) FILTER (WHERE way = 'default') AS standard,
	       max(ndcg) FILTER (WHERE way = 'tuned') AS tuned, max(ndcg) FILTER (WHERE way = 'auto') AS auto,
	       max(seconds) FILTER (WHERE way = 'default') AS seconds,
	       max(seconds) FILTER (WHERE way IN ('tuned', 'auto')) AS search_seconds
	  FROM bench.list_quality GROUP BY 1, 2),
best AS (
	SELECT data_set, max(greatest(standard, tuned)) AS ndcg FROM cell GROUP BY 1)
SELECT c.data_set, c.algorithm, round(c.popular::numeric, 4) AS popular, round(c.standard::numeric, 4) AS "default",
       round(c.tuned::numeric, 4) AS tuned, round(c.auto::numeric, 4) AS auto,
       round((coalesce(c.auto / b.ndcg, c.standard / greatest(c.standard, c.tuned)))::numeric, 3) AS of_best,
       round(c.seconds::numeric, 1) AS seconds, round(c.search_seconds::numeric, 1) AS search_seconds,
       CASE WHEN c.standard < .85 * c.tuned OR c.auto < .97 * b.ndcg OR c.auto < c.popular THEN 'MISSED'
            WHEN c.standard >= .85 * c.tuned OR c.auto >= .97 * b.ndcg THEN 'met' END AS verdict
  FROM cell c JOIN bench.list_data d USING (data_set) JOIN best b USING (data_set)
 ORDER BY d.place, c.algorithm = 'auto', greatest(c.standard, c.tuned) DESC;
