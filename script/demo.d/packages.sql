-- The story of script/demo on Debian's packages.  The tables package (name,
-- title) and dependency (package, needs, weight) are filled before.  What
-- follows ECHO queries is shown to the reader with its result.

\pset footer off
\pset null '-'

-- What is not worth showing: indexes and statistics.
CREATE UNIQUE INDEX ON package (name);
CREATE UNIQUE INDEX ON dependency (package, needs);
CREATE INDEX ON dependency (needs);
ANALYZE;

\echo
\echo '1. THE DATA'
\echo
\echo 'Recommendations come from a table that says who chose what.  Here the users'
\echo 'are the packages of Debian, and what they chose is the packages they need.'
\echo 'The weight says how much: 4 it depends on it, 3 recommends it, 2 suggests it.'
\echo
\set ECHO queries
SELECT count(DISTINCT package) AS packages,
       count(DISTINCT needs) AS needed,
       count(*) AS rows
  FROM dependency;
SELECT weight, count(*), (array_agg(needs ORDER BY needs))[1:3] AS such_as
  FROM dependency
 WHERE package = 'gnome'
 GROUP BY weight
 ORDER BY weight DESC;
\set ECHO none

\echo
\echo '2. A MODEL'
\echo
\echo 'recsys_train reads that table and makes a model.  auto tries algorithms with many'
\echo 'options, on a few packages at first and the best on more, and keeps what ranks best.'
\echo 'Each trial is a notice.  So that it takes seconds, two algorithms are named here, and'
\echo 'every twentieth package is asked for half of what it needs.  rating_col => NULL: each'
\echo 'need counts as 1.  The model is an ordinary table.'
\echo
\set ECHO queries
\timing on
CREATE EXTENSION recsys;
\echo
SELECT algorithm, users, items, ratings, round(seconds::numeric, 2) AS seconds
  FROM recsys_train('package_model', 'dependency', 'auto',
                    '{"trials": 8, "algorithms": ["item_knn", "rp3beta"],
                      "split": {"method": "users", "test": 0.05, "known": 0.5}}',
                    user_col => 'package', item_col => 'needs',
                    rating_col => NULL);
\timing off
\set ECHO none

\echo
\echo 'What was tried?  ndcg says how well it found needs that were hidden from it: 1 if'
\echo 'they are all on top.  popular is the same for the list of what most packages need.'
\echo
\set ECHO queries
SELECT algorithm, round(value::numeric, 3) AS ndcg,
       round(popular::numeric, 3) AS popular, kept
  FROM recsys_trials('package_model')
 WHERE value IS NOT NULL LIMIT 6;
\set ECHO none

\echo
\echo '3. RECOMMENDED FOR ONE USER'
\echo
\echo 'The package gnome is the GNOME desktop: it needs what belongs to it.  What else'
\echo 'would suit it?  What it needs already is left out.'
\echo
\set ECHO queries
\timing on
SELECT r.item_id, round(r.score::numeric, 4) AS score, p.title
  FROM recsys_recommend('package_model', 'gnome', 8) r
  LEFT JOIN package p ON p.name = r.item_id
 ORDER BY r.score DESC;
\timing off
\set ECHO none

\echo
\echo '4. SIMILAR ITEMS'
\echo
\echo 'What is needed by the same packages as Inkscape, with which one draws?'
\echo
\set ECHO queries
\timing on
SELECT s.item_id, round(s.similarity::numeric, 3) AS similarity, p.title
  FROM recsys_similar_items('package_model', 'inkscape', 8) s
  LEFT JOIN package p ON p.name = s.item_id
 ORDER BY s.similarity DESC;
\timing off
\set ECHO none

\echo
\echo 'And what is like it by what it is?  The algorithm content reads the titles: the'
\echo 'fewer packages have a word, the more it counts.  It needs nobody to have chosen a'
\echo 'package, and so knows the new ones, too.'
\echo
\set ECHO queries
\timing on
SELECT users, items, ratings, round(seconds::numeric, 2) AS seconds
  FROM recsys_train('title_model', 'dependency', 'content',
                    '{"items": "package", "item_id_col": "name",
                      "text_cols": ["title"], "config": "english"}',
                    user_col => 'package', item_col => 'needs',
                    rating_col => 'weight');
\echo
SELECT s.item_id, round(s.similarity::numeric, 3) AS similarity, p.title
  FROM recsys_similar_items('title_model', 'inkscape', 8) s
  LEFT JOIN package p ON p.name = s.item_id
 ORDER BY s.similarity DESC;
\timing off
\set ECHO none

\echo
\echo 'Similarities can be asked of the table itself, without a model: here, which'
\echo 'packages need the same as WordPress, which publishes web pages.'
\echo
\set ECHO queries
\timing on
SELECT s.user_id, round(s.similarity::numeric, 3) AS similarity, p.title
  FROM similar_users('dependency', 'wordpress', 5, user_col => 'package',
                     item_col => 'needs', rating_col => 'weight') s
  LEFT JOIN package p ON p.name = s.user_id
 ORDER BY s.similarity DESC;
\timing off
\set ECHO none

\echo
\echo '5. A PREDICTION'
\echo
\echo 'How well would each of these suit the GNOME desktop?  Higher is better.'
\echo
\set ECHO queries
\timing on
SELECT item, round(recsys_predict('package_model', 'gnome', item)::numeric, 4)
       AS score
  FROM unnest(ARRAY['geary', 'gimp', 'kmail', 'r-base-core']) AS item
 ORDER BY score DESC;
\timing off
\set ECHO none

\echo
\echo '6. HOW GOOD IS IT?'
\echo
\echo 'recsys_evaluate hides one package in twenty from the training, shows the model'
\echo 'half of what it needs, and looks for the other half among ten recommendations.'
\echo 'Five algorithms, and beside them what most packages need:'
\echo
\set ECHO queries
CREATE TABLE trial (algorithm text, options jsonb);
INSERT INTO trial VALUES
('item_knn', '{}'), ('rp3beta', '{}'), ('ials', '{"factors": 32, "iterations": 6}'),
('bpr', '{"factors": 32, "iterations": 20}'),
('content', '{"items": "package", "item_id_col": "name", "text_cols": ["title"]}');
\echo
\timing on
WITH measured AS (
    SELECT algorithm, metric, value, popular
      FROM trial, recsys_evaluate('dependency', algorithm, options,
                                  '{"method": "users", "test": 0.05, "known": 0.5,
                                    "metrics": ["ndcg", "recall", "coverage"]}',
                                  user_col => 'package', item_col => 'needs',
                                  rating_col => NULL)
), listed AS (
    SELECT algorithm, metric, value FROM measured
    UNION
    SELECT '*** popular ***', metric, popular FROM measured
     WHERE algorithm = 'item_knn'
)
SELECT algorithm,
       round(max(value) FILTER (WHERE metric = 'ndcg')::numeric, 3) AS ndcg,
       round(max(value) FILTER (WHERE metric = 'recall')::numeric, 3) AS recall,
       round(max(value) FILTER (WHERE metric = 'coverage')::numeric, 3) AS coverage
  FROM listed
 GROUP BY algorithm
 ORDER BY ndcg DESC;
\timing off
\set ECHO none

\echo
\echo 'That is all: a table in, recommendations out, in SQL.'
\if :{?psql}
\echo 'This is psql in the same database.  Try other packages:'
\echo
\echo '  SELECT * FROM recsys_recommend(\'package_model\', \'inkscape\');'
\echo '  SELECT * FROM recsys_similar_items(\'package_model\', \'postgresql\');'
\echo '  SELECT * FROM recsys_models;'
\echo '  SELECT name, description FROM recsys_algorithms;'
\echo
\echo 'Ctrl-D or \\q leaves, and the database is gone.'
\else
\echo 'script/demo --psql leaves a psql open here; script/demo PATH shows MovieLens.'
\endif
\echo
