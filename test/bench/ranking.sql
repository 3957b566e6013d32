-- How well lists rank: every algorithm for weights on two data sets with a part
-- held out that others have published results for, and how long training takes.
--
-- ncf: MovieLens 1M, the last item of each user among 100; hit rate and NDCG at 10.
-- gowalla: all items that the user does not have; recall and NDCG at 20.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET maintenance_work_mem = '4GB';

-- recent: what a user did last weighs more.
CREATE VIEW bench.ncf_recent AS
SELECT user_id, item_id,
       .3 + .7 * exp(-(row_number() OVER (PARTITION BY user_id ORDER BY t DESC, item_id) - 1) / 10.0) AS rating
  FROM ncf_train;

INSERT INTO bench.ranking_goal (data_set, recent, algorithm, options, at_least, ndcg_at_least, shown) VALUES
('ncf', false, 'popular', '{}', .453, .254, true),
('ncf', false, 'item_knn', '{"weighting": "tfidf", "neighbors": 50}', NULL, .40, true),
('ncf', true, 'item_knn', '{"weighting": "tfidf", "neighbors": 50}', .68, .40, false),
('ncf', false, 'user_knn', '{"neighbors": 200}', NULL, NULL, true),
('ncf', false, 'rp3beta', '{"beta": 0.6}', NULL, NULL, true),
('ncf', false, 'slim', '{"l1_regularization": 0.002, "regularization": 2}', .716, .446, true),
('ncf', false, 'ease', '{"regularization": 1200}', .719, .449, true),
('ncf', false, 'ials', '{"unobserved_weight": 0.2, "regularization": 0.005}', .722, .445, true),
('ncf', false, 'bpr', '{"learning_rate": 0.03, "regularization": 0.005, "factors": 96}', .70, .42, true),
('ncf', false, 'logistic_mf', '{}', NULL, NULL, true),
('ncf', true, 'hybrid', '{"components": [
	{"algorithm": "ease", "options": {"regularization": 1000, "binary": true}, "weight": 1},
	{"algorithm": "ials", "options": {"unobserved_weight": 0.1, "regularization": 0.003}, "weight": 1}]}', .74, .46, true),
('gowalla', false, 'popular', '{}', .0416, .0316, true),
('gowalla', false, 'item_knn', '{"similarity": "asymmetric_cosine", "asymmetry": 0.25, "shrinkage": 10, "neighbors": 400}', .157, .121, true),
('gowalla', false, 'rp3beta', '{"k": 200}', .183, .152, true),
('gowalla', false, 'slim', '{"l1_regularization": 0.02, "regularization": 1, "candidates": 150}', .170, .138, true),
('gowalla', false, 'ials', '{"factors": 768, "iterations": 8, "unobserved_weight": 0.02, "regularization": 0.005}', .180, .150, true),
('gowalla', false, 'bpr', '{"factors": 640, "iterations": 240, "learning_rate": 0.4, "learning_rate_decay": 0.987,
	"regularization": 0.005, "bias_regularization": 0.3}', .163, .138, true),
('gowalla', false, 'hybrid', '{"components": [
	{"algorithm": "rp3beta", "options": {"k": 300}, "weight": 1},
	{"algorithm": "ials", "options": {"unobserved_weight": 0.02, "regularization": 0.1, "nu": 0.5, "factors": 128, "iterations": 8}, "weight": 0.6}]}',
 .1872, .1580, true);

CREATE PROCEDURE bench.rank() LANGUAGE plpgsql AS $$
DECLARE
	goal record;
	start timestamptz;
	ncf bool;
BEGIN
	FOR goal IN SELECT * FROM bench.ranking_goal ORDER BY place LOOP
		start := clock_timestamp();
		ncf := goal.data_set = 'ncf';
		INSERT INTO bench.ranking
		SELECT goal.place, max(value) FILTER (WHERE metric = CASE WHEN ncf THEN 'hit_rate' ELSE 'recall' END),
		       max(value) FILTER (WHERE metric = 'ndcg'), extract(epoch FROM clock_timestamp() - start)
		  FROM recsys_evaluate(CASE WHEN goal.recent THEN 'bench.ncf_recent' ELSE goal.data_set || '_train' END::regclass,
		                       goal.algorithm, goal.options,
		                       CASE WHEN ncf THEN '{"method": "given", "test": "ncf_test", "negatives": "ncf_negatives"}'
		                            ELSE '{"method": "given", "test": "gowalla_test"}' END::jsonb,
		                       CASE WHEN ncf THEN 10 ELSE 20 END, rating_col => CASE WHEN goal.recent THEN 'rating'::name END);
		COMMIT;
	END LOOP;
END $$;
CALL bench.rank();

-- Speed on the larger one: training, and ranking all items for all users.
CALL bench.measure('rp3beta_gowalla', $$SELECT recsys_train('rp3beta_gowalla', 'gowalla_train', 'rp3beta', '{"keep_versions": 1}', rating_col => NULL)$$, 3);
SELECT FROM recsys_train('ials_gowalla', 'gowalla_train', 'ials', '{"iterations": 1}', rating_col => NULL);
CALL bench.measure('evaluate_gowalla', $$SELECT count(*) FROM recsys_evaluate_model('ials_gowalla', 'gowalla_test', 20, rating_col => NULL)$$, 3);
