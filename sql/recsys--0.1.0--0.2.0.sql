-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION recsys UPDATE TO '0.2.0'" to load this file. \quit

-- What becomes of 0.1.0 to make it what recsys--0.2.0.sql makes from nothing;
-- test/t/015_update.pl compares the two.
