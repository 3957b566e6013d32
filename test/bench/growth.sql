-- Training on a generated table, by the algorithm of that name.
SET client_min_messages = warning;
SET maintenance_work_mem = '2GB';
\o /dev/null
SELECT FROM recsys_train('grown', 'generated', :'algorithm', '{"factors": 64, "iterations": 4, "store_ratings": false}');
INSERT INTO bench.growth
SELECT :'algorithm', ratings, (SELECT min(s) FROM bench.iterations('grown') s),
       (SELECT seconds FROM recsys_training_log('grown') WHERE iteration = 1)
       - (SELECT min(s) FROM bench.iterations('grown') s),
       (SELECT train_rmse FROM recsys_training_log('grown') ORDER BY iteration DESC LIMIT 1)
  FROM recsys_models WHERE model = 'grown'::regclass;
DROP TABLE grown;
