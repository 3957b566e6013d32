-- Parallel training: the same bytes for any number of workers, and a clean end
-- whatever happens.

SET recsys.ratings_per_worker = 50;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + ((u * 7 + i * 13 + u * i) % 9) / 2.0 AS rating
  FROM generate_series(1, 90) u, generate_series(1, 50) i WHERE (u * 11 + i * 5) % 3 <> 0;

CREATE TABLE cases (algorithm text, options jsonb);
INSERT INTO cases SELECT name, '{}' FROM recsys_algorithms WHERE name <> 'content';
CREATE TABLE items AS
SELECT i AS item_id, 'number ' || i || ' of kind ' || i % 7 AS title FROM generate_series(1, 60) i;
INSERT INTO cases VALUES
('content', '{"items": "items", "text_cols": ["title"]}'),
('popular', '{"score": "weighted"}'),
('als', '{"biased": false, "factors": 3}'),
('als', '{"solver": "cholesky"}'),
('ials', '{"solver": "cholesky"}'),
('ials', '{"solver": "block", "weighting": "hu_koren", "factors": 33}'),
('svd', '{"biased": false, "factors": 33}'),
('co_clustering', '{"user_clusters": 7, "item_clusters": 5, "restarts": 20}'),
('svd', '{"adaptive": true, "factors": 33}'),
('item_knn', '{"neighbors": 7, "similarity": "pearson_baseline"}'),
('user_knn', '{"neighbors": 7, "similarity": "cosine", "score": "sum"}'),
('user_knn', '{"neighbors": 20, "similarity": "pearson", "score": "average"}'),
('item_knn', '{"neighbors": 9, "weighting": "bm25"}'),
('user_knn', '{"neighbors": 9, "weighting": "tfidf", "similarity": "asymmetric_cosine", "asymmetry": 0.3}'),
('rp3beta', '{"k": 7, "alpha": 0.5}'),
('slim', '{"k": 7, "candidates": 9}'),
('ease', '{"k": 7, "regularization": 3}');

SET client_min_messages = warning;	-- on a slow machine training tells its progress
CREATE TABLE trained (algorithm text, options jsonb, workers int, parts bigint, same bool, same_log bool);
DO $$
DECLARE c record; w int;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		PERFORM set_config('max_parallel_maintenance_workers', '0', true);
		PERFORM recsys_train('alone', 'ratings', c.algorithm, c.options);
		FOREACH w IN ARRAY '{1,2,3}'::int[] LOOP
			PERFORM set_config('max_parallel_maintenance_workers', w::text, true);
			PERFORM recsys_train('team', 'ratings', c.algorithm, c.options);
			INSERT INTO trained
			SELECT c.algorithm, c.options, w, count(*), bool_and(a.data = b.data),
			       (SELECT coalesce(bool_and(x.loss = y.loss AND x.train_rmse = y.train_rmse), true)
			          FROM recsys_training_log('alone') x JOIN recsys_training_log('team') y USING (iteration))
			  FROM (SELECT * FROM alone WHERE part <> 'header') a
			  FULL JOIN (SELECT * FROM team WHERE part <> 'header') b USING (part, block);
			DROP TABLE team;
		END LOOP;
		DROP TABLE alone;
	END LOOP;
END $$;
SELECT algorithm, options, array_agg(workers ORDER BY workers) AS workers, bool_and(same) AS same, bool_and(same_log) AS same_log
  FROM trained GROUP BY 1, 2 ORDER BY 1, 2;

RESET client_min_messages;

-- An error in the middle, in whichever process, leaves nothing behind.
SET max_parallel_maintenance_workers = 2;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"factors": 4}');
DO $$
BEGIN
	PERFORM recsys_train('m', 'ratings', 'svd', '{"learning_rate": 1, "init_stddev": 100}');
EXCEPTION WHEN numeric_value_out_of_range THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
SELECT model, version FROM recsys_models WHERE model = 'm'::regclass;
SELECT version FROM recsys_train('m', 'ratings', 'als', '{"factors": 4}');
SELECT count(*) FROM recsys_recommend('m', 1, 5);

-- A timeout in the middle.
SET statement_timeout = 200;
SELECT version FROM recsys_train('m', 'ratings', 'svd', '{"iterations": 10000, "factors": 200}');
RESET statement_timeout;
SELECT model, version FROM recsys_models WHERE model = 'm'::regclass;
SELECT version FROM recsys_retrain('m');

-- In a subtransaction that fails afterwards; and in one that does not.
BEGIN;
SAVEPOINT s;
SELECT version FROM recsys_retrain('m');
ROLLBACK TO s;
SELECT version FROM recsys_retrain('m');
COMMIT;
SELECT model, version FROM recsys_models WHERE model = 'm'::regclass;

-- Workers fold users in by a model that they have not trained.
CREATE TABLE baskets AS SELECT u AS user_id, (u * 7 + k * k * 13 + k) % 3000 AS item_id FROM generate_series(1, 6000) u, generate_series(1, 30) k;
SELECT algorithm, value > 0 AS measured FROM unnest('{logistic_mf,ials}'::text[]) algorithm,
	   recsys_evaluate('baskets', algorithm, '{"iterations": 1, "factors": 4}', '{"method": "users", "test": 0.3}', rating_col => NULL)
 WHERE metric = 'users';
DROP TABLE baskets;

-- No workers are left, nor shared memory.
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker';
DROP TABLE ratings, items, m, cases, trained;
