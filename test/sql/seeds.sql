-- The worked examples that users bring from books and articles, with the
-- numbers printed there.

--
-- The correlation engine: Pearson over common raters, and a score that is the
-- mean of correlation times own rating.
--
CREATE TABLE movie_ratings (person text, movie text, stars float8, PRIMARY KEY (person, movie));
INSERT INTO movie_ratings VALUES
('Tom', 'Terminator', 4.0), ('Jack', 'Terminator', 1.5), ('Lisa', 'Terminator', 3.0),
('Sally', 'Terminator', 2.0), ('Tom', 'Terminator 2', 5.0), ('Jack', 'Terminator 2', 1.0),
('Lisa', 'Terminator 2', 3.5), ('Sally', 'Terminator 2', 2.0),
('Tom', 'It happened one night', 3.5), ('Jack', 'It happened one night', 3.5),
('Tiger', 'It happened one night', 4.0), ('Lisa', 'It happened one night', 5.0),
('Michele', 'It happened one night', 3.0), ('Sally', 'It happened one night', 4.0),
('Tom', '27 Dresses', 3.0), ('Jack', '27 Dresses', 3.5), ('Tiger', '27 Dresses', 3.0),
('Lisa', '27 Dresses', 5.0), ('Michele', '27 Dresses', 4.0), ('Sally', '27 Dresses', 4.0),
('Tom', 'Poirot', 4.0), ('Jack', 'Poirot', 3.0), ('Tiger', 'Poirot', 5.0),
('Lisa', 'Poirot', 4.0), ('Michele', 'Poirot', 3.5), ('Sally', 'Poirot', 3.0),
('Tom', 'Sherlock Holmes', 4.0), ('Jack', 'Sherlock Holmes', 3.0),
('Tiger', 'Sherlock Holmes', 3.5), ('Lisa', 'Sherlock Holmes', 3.5),
('Sally', 'Sherlock Holmes', 2.0);

-- The whole table of correlations, each against corr() of the self-join.
CREATE VIEW movie_correlations AS
SELECT a.movie AS movie, s.item_id AS other, s.similarity, s.support
  FROM (SELECT DISTINCT movie FROM movie_ratings) a,
       LATERAL similar_items('movie_ratings', a.movie, 100, 'pearson',
                             user_col => 'person', item_col => 'movie', rating_col => 'stars') s;
SELECT movie, other, round(similarity::numeric, 10) AS similarity, support
  FROM movie_correlations ORDER BY movie COLLATE "C", other COLLATE "C";
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE abs(m.similarity - c.corr) < 1e-12 AND m.support = c.n) AS as_corr
  FROM movie_correlations m
  JOIN (SELECT a.movie, b.movie AS other, corr(a.stars, b.stars), count(*) AS n
          FROM movie_ratings a JOIN movie_ratings b USING (person)
         WHERE a.movie <> b.movie GROUP BY 1, 2) c USING (movie, other);


-- Someone new with three ratings: 4.0105 and -1.0810.
INSERT INTO movie_ratings VALUES
('me', 'Terminator', 5), ('me', 'Sherlock Holmes', 4), ('me', 'Poirot', 4.5);
SELECT item_id, round(score::numeric, 4) AS score, basis
  FROM item_knn_recommend('movie_ratings', 'me', 10, 'pearson', score => 'average',
                          user_col => 'person', item_col => 'movie', rating_col => 'stars');
-- The same from a trained model.
SELECT algorithm, users, items, ratings
  FROM recsys_train('movie_model', 'movie_ratings', 'item_knn',
                    '{"similarity": "pearson", "score": "average"}', 'person', 'movie', 'stars');
SELECT item_id, round(score::numeric, 4) AS score, basis FROM recsys_recommend('movie_model', 'me');
-- A quick prediction of one of them.
SELECT round(recsys_predict('movie_model', 'me', 'Terminator 2')::numeric, 4) AS score;

--
-- Interests: cosine of 0/1 vectors, users and items.
--
CREATE TABLE interests (user_id int, interest text, PRIMARY KEY (user_id, interest));
INSERT INTO interests
SELECT u - 1, i FROM (VALUES
(1, '{Hadoop,Big Data,HBase,Java,Spark,Storm,Cassandra}'::text[]),
(2, '{NoSQL,MongoDB,Cassandra,HBase,Postgres}'),
(3, '{Python,scikit-learn,scipy,numpy,statsmodels,pandas}'),
(4, '{R,Python,statistics,regression,probability}'),
(5, '{machine learning,regression,decision trees,libsvm}'),
(6, '{Python,R,Java,C++,Haskell,programming languages}'),
(7, '{statistics,probability,mathematics,theory}'),
(8, '{machine learning,scikit-learn,Mahout,neural networks}'),
(9, '{neural networks,deep learning,Big Data,artificial intelligence}'),
(10, '{Hadoop,Java,MapReduce,Big Data}'),
(11, '{statistics,R,statsmodels}'),
(12, '{C++,deep learning,artificial intelligence,probability}'),
(13, '{pandas,R,Python}'),
(14, '{databases,HBase,Postgres,MySQL,MongoDB}'),
(15, '{libsvm,regression,support vector machines}')) v(u, list), unnest(list) i;

-- users like user 0
SELECT user_id, round(similarity::numeric, 7) AS similarity, support
  FROM similar_users('interests', 0, item_col => 'interest', rating_col => NULL);
-- suggestions by similar users: the user is an integer, the items are text
SELECT item_id, round(score::numeric, 7) AS score
  FROM user_knn_recommend('interests', '0', score => 'sum', item_col => 'interest', rating_col => NULL);
-- interests like Big Data
SELECT item_id, round(similarity::numeric, 7) AS similarity
  FROM similar_items('interests', 'Big Data', item_col => 'interest', rating_col => NULL);
-- suggestions by similar interests
SELECT item_id, round(score::numeric, 7) AS score
  FROM item_knn_recommend('interests', '0', 20, score => 'sum', item_col => 'interest', rating_col => NULL);
-- and with those the user has
SELECT count(*), count(*) FILTER (WHERE i.interest IS NOT NULL) AS own
  FROM item_knn_recommend('interests', '0', 100, score => 'sum', exclude_seen => false,
                          item_col => 'interest', rating_col => NULL) r
  LEFT JOIN interests i ON i.user_id = 0 AND i.interest = r.item_id;

-- Models trained on the same give the same.
SELECT algorithm, users, items, ratings
  FROM recsys_train('interest_items', 'interests', 'item_knn', '{"similarity": "cosine"}', item_col => 'interest', rating_col => NULL);
SELECT algorithm, users, items, ratings
  FROM recsys_train('interest_users', 'interests', 'user_knn', '{"similarity": "cosine"}', item_col => 'interest', rating_col => NULL);
SELECT count(*) AS suggestions, bool_and(abs(a.score - b.score) < 1e-6) AS same
  FROM recsys_recommend('interest_items', '0', 100) a
  FULL JOIN item_knn_recommend('interests', '0', 100, score => 'sum',
                               item_col => 'interest', rating_col => NULL) b USING (item_id);
SELECT count(*) AS suggestions, bool_and(abs(a.score - b.score) < 1e-6) AS same
  FROM recsys_recommend('interest_users', '0', 100) a
  FULL JOIN user_knn_recommend('interests', '0', 100, score => 'sum',
                               item_col => 'interest', rating_col => NULL) b USING (item_id);

--
-- Similar items by the sum of absolute differences of the factors, on ratings
-- pivoted with the maximum of duplicates.
--
CREATE TABLE viewed (user_id int, movie_id int, value int);
INSERT INTO viewed
SELECT u, m, 1 + (u * 7 + m * m * 3 + (u * m) % 11) % 5
  FROM generate_series(1, 40) u, generate_series(1, 12) m WHERE (u * 5 + m * 3) % 4 <> 0;
INSERT INTO viewed SELECT user_id, movie_id, 1 FROM viewed WHERE user_id % 10 = 0;
SELECT ratings, (SELECT count(DISTINCT (user_id, movie_id)) FROM viewed) AS pairs
  FROM recsys_train('viewed_model', 'viewed', 'als',
                    '{"factors": 15, "biased": false, "duplicates": "max"}',
                    item_col => 'movie_id', rating_col => 'value');
WITH factors AS (SELECT id::int, factors FROM recsys_factors('viewed_model', 'item')),
difference AS (
	SELECT b.id, sum(abs(x - y)) AS score
	  FROM factors a, factors b, unnest(a.factors, b.factors) AS f(x, y)
	 WHERE a.id = 5 AND b.id <> 5 GROUP BY b.id)
SELECT count(*) AS rows, bool_and(s.item_id = d.id) AS same_order,
       bool_and(abs(s.similarity - d.score) < 1e-5) AS same_scores
  FROM (SELECT *, row_number() OVER () FROM recsys_similar_items('viewed_model', 5, 5, 'manhattan')) s
  JOIN (SELECT *, row_number() OVER (ORDER BY score) FROM difference) d USING (row_number);

DROP VIEW movie_correlations;
DROP TABLE movie_model, interest_items, interest_users, viewed_model, movie_ratings, interests, viewed;
