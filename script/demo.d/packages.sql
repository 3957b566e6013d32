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
\echo 'recsys_train reads that table and makes a model.  item_knn finds for each item'
\echo 'the items chosen by the same users.  The model is an ordinary table.'
\echo
\set ECHO queries
\timing on
CREATE EXTENSION recsys;
\echo
SELECT users, items, ratings, round(seconds::numeric, 2) AS seconds
  FROM recsys_train('package_model', 'dependency', 'item_knn',
                    '{"similarity": "cosine", "score": "sum", "neighbors": 100}',
                    user_col => 'package', item_col => 'needs',
                    rating_col => 'weight');
\timing off
\set ECHO none

\echo
\echo '3. RECOMMENDED FOR ONE USER'
\echo
\echo 'The package gnome is the GNOME desktop: it needs what belongs to it.  What else'
\echo 'would suit it?  What it needs already is left out.'
\echo
\set ECHO queries
\timing on
SELECT r.item_id, round(r.score::numeric, 2) AS score, p.title
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
SELECT item, round(recsys_predict('package_model', 'gnome', item)::numeric, 2)
       AS score
  FROM unnest(ARRAY['geary', 'gimp', 'kmail', 'r-base-core']) AS item
 ORDER BY score DESC;
\timing off
\set ECHO none

\echo
\echo '6. HOW GOOD IS IT?'
\echo
\echo 'From each of 2000 packages we hide one thing it needs, train on the rest, and'
\echo 'look whether the hidden one is among ten recommendations.'
\echo
\set ECHO queries
CREATE TABLE hidden AS
SELECT DISTINCT ON (package) package, needs
  FROM dependency
  JOIN (SELECT package FROM dependency GROUP BY package
        HAVING count(*) >= 5
         ORDER BY md5(package) LIMIT 2000) AS sample USING (package)
 ORDER BY package, md5(package || ' ' || needs);
\echo
CREATE TABLE kept AS
SELECT * FROM dependency
 WHERE (package, needs) NOT IN (SELECT package, needs FROM hidden);
\echo
SELECT users, items, ratings, round(seconds::numeric, 2) AS seconds
  FROM recsys_train('kept_model', 'kept', 'item_knn',
                    '{"similarity": "cosine", "score": "sum", "neighbors": 100}',
                    user_col => 'package', item_col => 'needs',
                    rating_col => 'weight');
\set ECHO none
CREATE UNIQUE INDEX ON kept (package, needs);
ANALYZE kept, hidden;

\echo
\echo 'Beside it: the ten packages that most others need, less those known already.'
\echo
\set ECHO queries
CREATE TABLE popular AS
SELECT needs, count(*) AS users FROM kept
 GROUP BY needs ORDER BY users DESC LIMIT 1000;
\echo
\timing on
SELECT count(*) AS hidden,
       count(*) FILTER (WHERE needs IN (
           SELECT item_id FROM recsys_recommend('kept_model', package, 10)
       )) AS found,
       count(*) FILTER (WHERE needs IN (
           SELECT p.needs FROM popular p
            WHERE NOT EXISTS (SELECT FROM kept k
                               WHERE k.package = h.package
                                 AND k.needs = p.needs)
            ORDER BY users DESC, needs LIMIT 10
       )) AS found_by_popularity
  FROM hidden h;
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
