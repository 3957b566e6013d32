-- Makes the data of doc/tutorial.md: a bookshop that never was, in the files
-- books.csv and sales.csv of the current folder.  For psql; nothing is left in the
-- database, and the files are the same each time.
--
-- 80 authors wrote 5 books each, in 10 genres.  Each of 1,200 customers likes one
-- genre and three authors of it: half of what they buy is by these three, a quarter
-- is of that genre, and the rest is what everybody buys.  So there is something to
-- be found, and much that is chance.

-- A number from 0 to 1, not random: it depends on the arguments alone.
CREATE FUNCTION pg_temp.chance(VARIADIC numbers int[]) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
	SELECT ('x' || left(md5(array_to_string(numbers, ' ')), 7))::bit(28)::int / 268435456.0
$$;

CREATE TEMPORARY TABLE made_genre (number serial, genre text, title text);
INSERT INTO made_genre (genre, title) VALUES
('crime', 'Murder in %s'), ('science fiction', 'Return to %s'), ('fantasy', 'The Dragon of %s'),
('romance', 'One Summer in %s'), ('history', 'The Fall of %s'), ('cooking', 'The Kitchens of %s'),
('gardening', 'A Garden in %s'), ('travel', 'On Foot through %s'), ('poetry', 'Songs from %s'),
('children', 'A Mouse in %s');

-- Books 40 g + 1 to 40 g + 40 are of genre g, and 5 a + 1 to 5 a + 5 by author a.
CREATE TEMPORARY TABLE made_book AS
SELECT b + 1 AS id,
       format(title, (ARRAY['Athens', 'Basel', 'Bath', 'Bergen', 'Bruges', 'Cork', 'Delft', 'Dresden', 'Dublin', 'Geneva',
                            'Ghent', 'Graz', 'Krakow', 'Leipzig', 'Leith', 'Lisbon', 'Lucerne', 'Lyon', 'Madrid', 'Naples',
                            'Nice', 'Oslo', 'Pisa', 'Porto', 'Prague', 'Riga', 'Rome', 'Rostock', 'Salzburg', 'Seville',
                            'Siena', 'Split', 'Tallinn', 'Trieste', 'Turin', 'Utrecht', 'Verona', 'Vienna', 'York', 'Zagreb'])
                     [1 + b * 7 % 40]) AS title,
       (ARRAY['Anna', 'Bruno', 'Clara', 'David', 'Elsa', 'Felix', 'Greta', 'Hugo', 'Ida', 'Jonas'])[1 + b / 5 % 10] || ' ' ||
       (ARRAY['Adler', 'Berg', 'Costa', 'Dahl', 'Engel', 'Falk', 'Grau', 'Horn'])[1 + b / 50] AS author,
       genre,
       5 + floor(40 * pg_temp.chance(1, b)) / 2 AS price,
       pg_temp.chance(2, b) > .1 AS in_stock
  FROM generate_series(0, 399) b JOIN made_genre ON number = 1 + b / 40;

-- A customer comes some day of the year and stays to its end.  The first books of an
-- author, of a genre and of the shop sell best.
CREATE TEMPORARY TABLE made_sale AS
WITH customer AS (
    SELECT c, floor(10 * pg_temp.chance(3, c))::int AS genre, floor(8 * pg_temp.chance(4, c))::int AS author,
           300 * pg_temp.chance(5, c) AS first_day, 5 + floor(40 * pg_temp.chance(6, c) ^ 2)::int AS sales
      FROM generate_series(1, 1200) c
), sale AS (
    SELECT *, pg_temp.chance(7, c, s) AS kind, pg_temp.chance(8, c, s) AS which, pg_temp.chance(9, c, s) AS hour
      FROM customer, generate_series(1, sales) s
)
SELECT c AS customer_id,
       1 + CASE WHEN kind < .5 THEN 40 * genre + 5 * ((author + (s % 3)) % 8) + floor(5 * which ^ 1.5)::int
                WHEN kind < .75 THEN 40 * genre + floor(40 * which ^ 2)::int * 3 % 40
                ELSE floor(400 * which ^ 3)::int * 37 % 400 END AS book_id,
       date_trunc('minute', min(timestamp '2025-01-01' + interval '1 day' * (first_day + (365 - first_day) * (s - hour) / sales))) AS sold_at
  FROM sale GROUP BY 1, 2;

COPY (SELECT * FROM made_book ORDER BY id) TO STDOUT (FORMAT csv, HEADER) \g books.csv
COPY (SELECT * FROM made_sale ORDER BY sold_at, customer_id, book_id) TO STDOUT (FORMAT csv, HEADER) \g sales.csv

DROP TABLE made_genre, made_book, made_sale;
DROP FUNCTION pg_temp.chance(int[]);
