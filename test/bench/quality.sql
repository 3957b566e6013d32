-- Cross-validation: errors and seconds of every algorithm, beside what is to
-- be reached.  5 folds, the same for all.
SET client_min_messages = warning;

-- Errors are to be at most these plus the tolerance, seconds at most those.
CREATE TABLE bench.goal (
	relation text, label text, algorithm text, options jsonb,
	rmse float8, mae float8, tolerance float8, seconds float8);
CREATE TABLE bench.quality (
	relation text, label text, rmse float8, mae float8, fcp float8,
	fit_seconds float8, test_seconds float8, seconds float8);

INSERT INTO bench.goal VALUES
('ml100k', 'normal', 'normal', '{}', NULL, NULL, NULL, NULL),
('ml100k', 'baseline_als', 'baseline_als', '{}', .944, .748, .003, .3),
('ml100k', 'baseline_sgd', 'baseline_sgd', '{}', NULL, NULL, NULL, NULL),
('ml100k', 'svd', 'svd', '{}', .934, .737, .003, .6),
('ml100k', 'svdpp', 'svdpp', '{}', .919, .721, .003, 2),
('ml100k', 'nmf', 'nmf', '{}', .963, .758, .005, .8),
('ml100k', 'gradient', 'gradient', '{"normalize": "item_mean"}', NULL, NULL, NULL, NULL),
('ml100k', 'slope_one', 'slope_one', '{}', .946, .743, .003, 1),
('ml100k', 'user_knn', 'user_knn', '{}', .980, NULL, .003, 1.2),
('ml100k', 'user_knn, centered', 'user_knn', '{"score": "centered"}', .951, NULL, .003, 1.2),
('ml100k', 'user_knn, baseline', 'user_knn', '{"score": "baseline"}', .931, NULL, .003, 1.2),
('ml100k', 'item_knn', 'item_knn', '{}', NULL, NULL, NULL, NULL),
('ml100k', 'item_knn, baseline', 'item_knn', '{"score": "baseline"}', NULL, NULL, NULL, NULL),
('ml100k', 'item_knn, baseline, pearson_baseline', 'item_knn',
 '{"score": "baseline", "similarity": "pearson_baseline"}', NULL, NULL, NULL, NULL),
('ml100k', 'co_clustering', 'co_clustering', '{}', .963, .753, .005, .8),
('ml100k', 'als', 'als', '{}', .92, NULL, 0, 1),
('ml1m', 'baseline_als', 'baseline_als', '{}', .909, .719, .003, 2),
('ml1m', 'svd', 'svd', '{}', .873, .686, .003, 6),
('ml1m', 'svdpp', 'svdpp', '{}', .862, .672, .003, 20),
('ml1m', 'nmf', 'nmf', '{}', .916, .723, .005, 8),
('ml1m', 'slope_one', 'slope_one', '{}', .907, .715, .003, 15),
('ml1m', 'user_knn', 'user_knn', '{}', .923, NULL, .003, 30),
('ml1m', 'user_knn, centered', 'user_knn', '{"score": "centered"}', .929, NULL, .003, 30),
('ml1m', 'user_knn, baseline', 'user_knn', '{"score": "baseline"}', .895, NULL, .003, 30),
('ml1m', 'co_clustering', 'co_clustering', '{}', .915, .717, .005, 8),
('ml1m', 'als', 'als', '{}', .855, NULL, 0, 15),
('ml1m', 'svd, tuned', 'svd', '{"factors": 100, "iterations": 30, "learning_rate": 0.015, "learning_rate_decay": 0.98,
  "regularization": 0.05, "bias_regularization": 0.005, "init_stddev": 0.01}', .845, NULL, 0, NULL),
('ml1m', 'svd, adaptive', 'svd', '{"adaptive": true, "factors": 128, "iterations": 22, "learning_rate": 0.07,
  "learning_rate_decay": 0.93, "regularization": 0.055, "bias_regularization": 0.01, "init_stddev": 0.01}', .845, NULL, 0, NULL),
('ml1m', 'svdpp, tuned', 'svdpp', '{"factors": 100, "iterations": 80, "learning_rate": 0.01, "learning_rate_decay": 0.97,
  "regularization": 0.03, "bias_regularization": 0.005, "init_stddev": 0.001}', .845, NULL, 0, NULL);

CREATE PROCEDURE bench.cross_validate(runs int) LANGUAGE plpgsql AS $$
DECLARE
	goal record;
	start timestamptz;
BEGIN
	FOR goal IN SELECT * FROM bench.goal LOOP
		FOR i IN 1 .. runs LOOP
			start := clock_timestamp();
			INSERT INTO bench.quality
			SELECT goal.relation, goal.label, avg(rmse), avg(mae), avg(fcp),
			       sum(fit_seconds), sum(test_seconds), extract(epoch FROM clock_timestamp() - start)
			  FROM recsys_cross_validate(goal.relation::regclass, goal.algorithm, goal.options);
			COMMIT;
		END LOOP;
	END LOOP;
END $$;
CALL bench.cross_validate(:runs);
