-- The story of script/demo on MovieLens.  The tables rating (user_id,
-- movie_id, rating) and movie (id, title) are filled before.  What follows
-- ECHO queries is shown to the reader with its result.

\pset footer off
\pset null '-'

-- What is not worth showing: indexes, statistics, the choice of a user with
-- about a hundred ratings and of a movie that many know.  The larger sets get
-- fewer factors, so that two minutes do, and memory as they need it.
CREATE INDEX ON rating (user_id);
CREATE INDEX ON rating (movie_id);
CREATE UNIQUE INDEX ON movie (id);
ANALYZE;
SELECT user_id AS someone FROM rating GROUP BY user_id
 ORDER BY abs(count(*) - 100), user_id LIMIT 1 \gset
SELECT id AS known FROM movie JOIN rating ON movie_id = id GROUP BY id, title
 ORDER BY title LIKE 'Star Wars%' DESC, count(*) DESC, id LIMIT 1 \gset
SELECT title AS known_title FROM movie WHERE id = :known \gset
SELECT CASE WHEN count(*) < 3000000 THEN '{}'
            ELSE '{"factors": 20, "iterations": 10}' END AS options,
       greatest(512, count(*) / 10000) || 'MB' AS memory
  FROM rating \gset
SET maintenance_work_mem = :'memory';

\echo
\echo '1. THE DATA'
\echo
\echo 'People rated movies.'
\echo
\set ECHO queries
SELECT count(DISTINCT user_id) AS users, count(DISTINCT movie_id) AS movies,
       count(*) AS ratings, min(rating), max(rating),
       round(avg(rating)::numeric, 2) AS mean
  FROM rating;
\set ECHO none

\echo
\echo 'To see later how good the predictions are, one rating in ten is kept aside.'
\echo
\set ECHO queries
CREATE TABLE train AS SELECT * FROM rating
 WHERE hashtext(user_id || ' ' || movie_id) % 10 <> 0;
\echo
CREATE TABLE test AS SELECT * FROM rating
 WHERE hashtext(user_id || ' ' || movie_id) % 10 = 0;
\set ECHO none
ANALYZE train, test;

\echo
\echo '2. A MODEL'
\echo
\echo 'recsys_train reads the table and makes a model.  auto tries several algorithms,'
\echo 'on a few users at first and the best on more, and keeps what best finds the movies'
\echo 'that were hidden from it and got 4 stars or more.  Here it gets 20 seconds.  The'
\echo 'model is an ordinary table.'
\echo
\set ECHO queries
\timing on
CREATE EXTENSION recsys;
\echo
SELECT algorithm, users, items, ratings,
       round(seconds::numeric, 2) AS seconds
  FROM recsys_train('movie_model', 'train', 'auto',
                    '{"trials": 16, "seconds": 20,
                      "split": {"method": "per_user", "relevant_from": 4}}',
                    item_col => 'movie_id');
\timing off
\set ECHO none

\echo
\echo 'What was tried?  ndcg is 1 if all of them are on top of the lists.  popular is the'
\echo 'same for the list of the movies with the most ratings.'
\echo
\set ECHO queries
SELECT algorithm, round(value::numeric, 3) AS ndcg,
       round(popular::numeric, 3) AS popular, kept
  FROM recsys_trials('movie_model')
 WHERE value IS NOT NULL LIMIT 6;
\set ECHO none

\echo
\echo '3. RECOMMENDED FOR ONE USER'
\echo
\echo 'Someone likes these best:'
\echo
\set ECHO queries
SELECT rating, title FROM train JOIN movie ON id = movie_id
 WHERE user_id = :someone
 ORDER BY rating DESC, title LIMIT 8;
\set ECHO none
\echo
\echo 'And may like these, of all that are not rated yet:'
\echo
\set ECHO queries
\timing on
SELECT round(r.score::numeric, 4) AS score, m.title
  FROM recsys_recommend('movie_model', :someone, 8) r
  JOIN movie m ON m.id = r.item_id
 ORDER BY r.score DESC;
\timing off
\set ECHO none

\echo
\echo '4. SIMILAR ITEMS'
\echo
\echo 'Whoever likes' :known_title 'may look for more of its kind.'
\echo 'First by the ratings themselves, of movies that enough people rated both of.'
\echo
\set ECHO queries
\timing on
SELECT round(s.similarity::numeric, 3) AS similarity, s.support, m.title
  FROM similar_items('rating', :known, 6, min_support => 20,
                     item_col => 'movie_id') s
  JOIN movie m ON m.id = s.item_id
 ORDER BY s.similarity DESC;
\timing off
\set ECHO none

\echo
\echo 'Then by a model.  svd gives each user and each movie a short vector, so that their'
\echo 'product tells the rating.  Movies with like vectors are alike.'
\echo
\set ECHO queries
\timing on
SELECT round(seconds::numeric, 2) AS seconds
  FROM recsys_train('svd_model', 'train', 'svd', :'options',
                    item_col => 'movie_id');
\echo
SELECT round(s.similarity::numeric, 3) AS similarity, m.title
  FROM recsys_similar_items('svd_model', :known, 6) s
  JOIN movie m ON m.id = s.item_id
 ORDER BY s.similarity DESC;
\timing off
\set ECHO none

\echo
\echo '5. A PREDICTION'
\echo
\echo 'What svd says of ratings kept aside, which it has not seen:'
\echo
\set ECHO queries
\timing on
SELECT rating,
       round(recsys_predict('svd_model', user_id, movie_id)::numeric, 2)
       AS predicted, title
  FROM test JOIN movie ON id = movie_id
 WHERE user_id = :someone
 ORDER BY title LIMIT 6;
\timing off
\set ECHO none

\echo
\echo '6. HOW GOOD IS IT?'
\echo
\echo 'The root of the mean squared error over all ratings kept aside, and what one'
\echo 'has without a model: the mean of all ratings, or that of each movie.'
\echo 'als is another way to find the vectors.'
\echo
\set ECHO queries
\timing on
SELECT round(seconds::numeric, 2) AS seconds
  FROM recsys_train('als_model', 'train', 'als', :'options',
                    item_col => 'movie_id');
\echo
WITH overall AS (
    SELECT avg(rating) AS mean FROM train
), each_movie AS (
    SELECT movie_id, avg(rating) AS movie_mean FROM train GROUP BY movie_id
), error AS (
    SELECT rating - mean AS mean,
           rating - coalesce(movie_mean, mean) AS movie_mean,
           rating - recsys_predict('svd_model', user_id, movie_id) AS svd,
           rating - recsys_predict('als_model', user_id, movie_id) AS als
      FROM overall, test LEFT JOIN each_movie USING (movie_id)
)
SELECT count(*) AS kept_aside,
       round(sqrt(avg(mean * mean))::numeric, 3) AS rmse_of_mean,
       round(sqrt(avg(movie_mean * movie_mean))::numeric, 3)
       AS of_movie_mean,
       round(sqrt(avg(svd * svd))::numeric, 3) AS of_svd,
       round(sqrt(avg(als * als))::numeric, 3) AS of_als
  FROM error;
\timing off
\set ECHO none

\echo
\echo 'That is all: a table in, recommendations out, in SQL.'
\if :{?psql}
\echo 'This is psql in the same database.  Try other users and movies:'
\echo
\echo '  SELECT * FROM recsys_recommend(\'movie_model\', 1) JOIN movie ON id = item_id;'
\echo '  SELECT * FROM recsys_similar_items(\'movie_model\', 1) JOIN movie ON id = item_id;'
\echo '  SELECT * FROM recsys_models;'
\echo '  SELECT name, description FROM recsys_algorithms;'
\echo
\echo 'Ctrl-D or \\q leaves, and the database is gone.'
\else
\echo 'script/demo --psql leaves a psql open here.'
\endif
\echo
