-- A model whose bytes were damaged, or made up by somebody who knows the
-- format: every function either reports it (XX001, data_corrupted) or, where
-- it does not need what is damaged, answers as before.
SET client_min_messages = warning;
CREATE SCHEMA damage;
SET search_path = damage, public;
SET jit = off;

-- Reading and making blocks ------------------------------------------------

-- The place of each field of a block's header, and of a line of the manifest.
CREATE TABLE field (name text PRIMARY KEY, at int, bytes int);
INSERT INTO field VALUES
	('magic', 0, 4), ('format', 4, 2), ('part', 6, 1), ('type', 7, 1),
	('block', 8, 4), ('first_row', 12, 4), ('rows', 16, 4), ('cols', 20, 4),
	('extra', 24, 4), ('crc', 28, 4);
CREATE TABLE line_field (name text PRIMARY KEY, at int);
INSERT INTO line_field VALUES
	('part', 0), ('type', 4), ('block', 8), ('first_row', 12), ('rows', 16), ('cols', 20), ('crc', 24);

-- CRC-32C (Castagnoli), bit by bit made into a table, byte by byte used
CREATE TABLE crc_step AS
WITH RECURSIVE step(byte, crc, bit) AS (
	SELECT b::bigint, b::bigint, 0 FROM generate_series(0, 255) b
	UNION ALL
	SELECT byte, CASE WHEN crc & 1 = 1 THEN (crc >> 1) # x'82f63b78'::bigint ELSE crc >> 1 END, bit + 1
	  FROM step WHERE bit < 8
)
SELECT array_agg(crc ORDER BY byte) AS crc FROM step WHERE bit = 8;
CREATE FUNCTION crc32c(data bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	step bigint[] := (SELECT crc FROM damage.crc_step);
	crc bigint := 4294967295;
BEGIN
	FOR i IN 0..length(data) - 1 LOOP
		crc := step[((crc # get_byte(data, i)) & 255) + 1] # (crc >> 8);
	END LOOP;
	RETURN crc # 4294967295;
END
$$;
SELECT to_hex(crc32c('123456789')) AS "e3069283";

CREATE FUNCTION number_at(data bytea, at int, bytes int = 4) RETURNS bigint LANGUAGE sql AS
$$ SELECT sum(get_byte(data, at + i)::bigint << (8 * i))::bigint FROM generate_series(0, bytes - 1) i $$;
CREATE FUNCTION put_number(data bytea, at int, number bigint, bytes int = 4) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0..bytes - 1 LOOP
		data := set_byte(data, at + i, (number >> (8 * i))::bit(8)::int);
	END LOOP;
	RETURN data;
END
$$;
-- a field of a block's header
CREATE FUNCTION put_field(data bytea, which text, number bigint) RETURNS bytea LANGUAGE sql AS
$$ SELECT damage.put_number(data, at, number, bytes) FROM damage.field WHERE name = which $$;
-- make the checksum right again
CREATE FUNCTION sealed(data bytea) RETURNS bytea LANGUAGE sql AS
$$ SELECT damage.put_number(data, 28, damage.crc32c(substring(data FOR 28) || substring(data FROM 33))) $$;

-- Models -------------------------------------------------------------------

CREATE TABLE ratings (user_id int, item_id int, rating float8);
INSERT INTO ratings SELECT u, i, 1 + (u * 7 + i * i) % 5
  FROM generate_series(1, 5) u, generate_series(1, 6) i WHERE (u + i) % 4 <> 0;
CREATE VIEW words_ratings AS SELECT 'user ' || user_id AS user_id, chr(96 + item_id) AS item_id, rating FROM ratings;
SELECT model, version FROM recsys_train('svd', 'ratings', 'svd', '{"factors": 3}');
SELECT model, version FROM recsys_train('baseline', 'ratings', 'baseline_als');
SELECT model, version FROM recsys_train('exact', 'ratings', 'item_knn', '{"score": "baseline"}');
SELECT model, version FROM recsys_train('lists', 'ratings', 'user_knn', '{"neighbors": 3}');
SELECT model, version FROM recsys_train('texts', 'words_ratings', 'als', '{"factors": 2}');
SELECT model, version FROM recsys_train('shifts', 'ratings', 'slope_one', '{"weighted": true}');
SELECT model, version FROM recsys_train('clusters', 'ratings', 'co_clustering', '{"user_clusters": 2, "restarts": 9}');
SELECT model, version FROM recsys_train('top', 'ratings', 'popular', '{"score": "mean"}');
CREATE TABLE items AS SELECT i AS item_id, 'word' || i % 3 || ' and word' || i % 4 AS text FROM generate_series(1, 6) i;
SELECT model, version FROM recsys_train('words', 'ratings', 'content', '{"items": "items", "text_cols": ["text"]}');
SELECT model, version FROM recsys_train('weights', 'ratings', 'rp3beta');
SELECT model, version FROM recsys_train('tight', 'ratings', 'ease');
SELECT model, version FROM recsys_train('blend', 'ratings', 'hybrid', '{"components": [
	{"algorithm": "svd", "options": {"factors": 3}, "weight": 1}, {"algorithm": "co_clustering", "options": {"user_clusters": 2}, "weight": 2},
	{"algorithm": "user_knn", "options": {"neighbors": 3}, "weight": 1}]}');
-- and one with an older version to take blocks from
UPDATE ratings SET rating = 6 - rating;
SELECT model, version FROM recsys_train('svd', 'ratings', 'svd', '{"factors": 3}');
CREATE TABLE model AS SELECT name, CASE name WHEN 'texts' THEN 'words_ratings' ELSE 'ratings' END AS source
  FROM unnest('{svd,baseline,exact,lists,texts,shifts,clusters,top,words,weights,tight,blend}'::text[]) name;

-- What all functions say ---------------------------------------------------

CREATE TABLE call (name text, query text);
INSERT INTO call VALUES
	('predict', 'SELECT recsys_predict(%1$L, u::text, i::text) FROM (SELECT DISTINCT user_id FROM %2$I) r(u), (SELECT DISTINCT item_id FROM %2$I) s(i)'),
	('unknown', 'SELECT recsys_predict(%1$L, ''0'', item_id::text), recsys_predict(%1$L, user_id::text, ''0'') FROM %2$I'),
	('recommend', 'SELECT recsys_recommend(%1$L, u::text, exclude_seen => false) FROM (SELECT DISTINCT user_id FROM %2$I) r(u)'),
	('unseen', 'SELECT recsys_recommend(%1$L, u::text) FROM (SELECT DISTINCT user_id FROM %2$I) r(u)'),
	('popular', 'SELECT recsys_recommend(%1$L, ''0'')'),
	('items', 'SELECT recsys_similar_items(%1$L, i::text) FROM (SELECT DISTINCT item_id FROM %2$I) r(i)'),
	('users', 'SELECT recsys_similar_users(%1$L, u::text) FROM (SELECT DISTINCT user_id FROM %2$I) r(u)'),
	('factors', 'SELECT recsys_factors(%1$L, side) FROM unnest(''{user,item}''::text[]) side'),
	('log', 'SELECT iteration, loss, train_rmse FROM recsys_training_log(%1$L)');
-- the rows of a call, or the SQLSTATE of its error
CREATE FUNCTION answer(model text, query text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(r::text, '';'' ORDER BY r::text) FROM (' || query || ') r', model, source) INTO result;
	RETURN coalesce(result, 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE TABLE right_answer AS
SELECT m.name AS model, c.name AS call, answer(m.name, query, source) AS answer FROM model m, call c;
SELECT call, string_agg(CASE WHEN length(answer) = 5 THEN answer ELSE 'rows' END, ' ' ORDER BY model) AS "baseline blend clusters exact lists shifts svd texts tight top weights words"
  FROM right_answer GROUP BY call ORDER BY call;

-- Damaging -----------------------------------------------------------------

-- Run a statement on the table of a model, ask everything, undo it.  Updating
-- the header row makes sure that nothing comes from this session's cache.
CREATE FUNCTION ask_damaged(which text, statement text, OUT call text, OUT result text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	results text[];
BEGIN
	BEGIN
		EXECUTE format(statement, which);
		EXECUTE format('UPDATE %I SET meta = meta WHERE part = ''header''', which);
		SELECT array_agg(ARRAY[r.call, damage.answer(which, c.query, m.source), r.answer]) INTO results
		  FROM damage.right_answer r JOIN damage.call c ON c.name = r.call JOIN damage.model m ON m.name = r.model WHERE r.model = which;
		RAISE EXCEPTION 'undo' USING ERRCODE = 'RUNDO';
	EXCEPTION WHEN SQLSTATE 'RUNDO' THEN
		NULL;
	END;
	FOR i IN 1..array_length(results, 1) LOOP
		call := results[i][1];
		result := CASE results[i][2] WHEN results[i][3] THEN 'same' ELSE left(results[i][2], 5) END;
		RETURN NEXT;
	END LOOP;
END
$$;

-- A statement that changes the data of the block m.
CREATE FUNCTION change(expression text, which_part text, which_block int = 0) RETURNS text LANGUAGE sql AS
$$ SELECT format('UPDATE %%1$I m SET data = %s WHERE part = %L AND block = %s AND version = (SELECT max(version) FROM %%1$I)',
				 replace(expression, '%', '%%'), which_part, which_block) $$;

-- The same, and the manifest is made to agree with the block.
CREATE FUNCTION set_line(manifest bytea, which_part int, which_block int, member text, number bigint) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
	FOR line IN 1..damage.number_at(manifest, 16)::int - 1 LOOP
		IF damage.number_at(manifest, 32 + 28 * line) = which_part AND damage.number_at(manifest, 32 + 28 * line + 8) = which_block THEN
			manifest := damage.put_number(manifest, 32 + 28 * line + (SELECT at FROM damage.line_field WHERE name = member), number);
		END IF;
	END LOOP;
	RETURN manifest;
END
$$;
-- (that of a component, if its number is before the name of the part)
CREATE FUNCTION agree(manifest bytea, block bytea, which_part text = '') RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	part int := damage.number_at(block, 6, 1) + 256 * coalesce(substring(which_part FROM '^\d+')::int, 0);
	member text;
BEGIN
	FOREACH member IN ARRAY '{rows,cols,crc}'::text[] LOOP
		manifest := damage.set_line(manifest, part, 0, member,
			damage.number_at(block, (SELECT at FROM damage.field WHERE name = member)));
	END LOOP;
	RETURN damage.sealed(damage.set_line(manifest, part, 0, 'type', damage.number_at(block, 7, 1)));
END
$$;
CREATE FUNCTION forge(expression text, which_part text) RETURNS text LANGUAGE sql AS $$
	SELECT format('WITH forged AS (SELECT version, damage.sealed(%s) AS bytes FROM %%1$I m WHERE part = %L
			ORDER BY version DESC LIMIT 1),
		done AS (UPDATE %%1$I m SET data = bytes FROM forged WHERE part = %2$L AND m.version = forged.version)
		UPDATE %%1$I m SET data = damage.agree(data, bytes, %2$L) FROM forged WHERE part = ''header'' AND m.version = forged.version',
		replace(expression, '%', '%%'), which_part)
$$;
-- Another header, with its checksum in the manifest made right.
CREATE FUNCTION forge_header(expression text) RETURNS text LANGUAGE sql AS $$
	SELECT format('UPDATE %%1$I SET meta = %1$s, data = damage.sealed(damage.put_number(data, 32 + 24, damage.crc32c(convert_to((%1$s)::text, ''UTF8'')))) WHERE part = ''header''',
		replace(expression, '%', '%%'))
$$;

CREATE FUNCTION parts_of(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT part FROM %I WHERE version = (SELECT max(version) FROM %1$I)', model);
END
$$;

-- Forgery without change is no damage: the means of this test work.
SELECT m.name, part, string_agg(DISTINCT result, ' ') FROM model m, parts_of(m.name) part,
	   ask_damaged(m.name, CASE part WHEN 'header' THEN forge_header('meta') ELSE forge('m.data', part) END)
 GROUP BY 1, 2 HAVING string_agg(DISTINCT result, ' ') <> 'same';

-- Every part and every field in turn, the checksum left as it was -----------

CREATE TABLE damage (id int GENERATED ALWAYS AS IDENTITY, name text, statement text);
INSERT INTO damage (name, statement)
SELECT name, format('damage.put_field(m.data, %L, damage.number_at(m.data, %s, %s) # 1)', name, at, bytes)
  FROM field ORDER BY at;
INSERT INTO damage (name, statement) VALUES
	('payload, start', 'set_byte(m.data, 32, get_byte(m.data, 32) # 1)'),
	('payload, middle', 'set_byte(m.data, (32 + length(m.data)) / 2, get_byte(m.data, (32 + length(m.data)) / 2) # 128)'),
	('payload, end', 'set_byte(m.data, length(m.data) - 1, get_byte(m.data, length(m.data) - 1) # 1)'),
	('one byte short', 'substring(m.data FOR length(m.data) - 1)'),
	('one byte more', 'm.data || ''\x00'''),
	('header only', 'substring(m.data FOR 32)'),
	('31 bytes', 'substring(m.data FOR 31)'),
	('empty', '''\x'''),
	('null', 'NULL'),
	('zeros', 'decode(repeat(''00'', length(m.data)), ''hex'')'),
	('that of another part', '(SELECT data FROM %1$I o WHERE o.version = m.version AND o.part > ''a'' AND o.part <> m.part AND o.part <> ''header'' ORDER BY o.part = ''item_counts'', o.part LIMIT 1)');
CREATE FUNCTION change_all(expression text, part text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(damage.change(expression, part), '%%1$I', '%1$I') $$;
CREATE TABLE outcome AS
SELECT m.name AS model, part, d.id, d.name, a.call, a.result
  FROM model m, parts_of(m.name) part, damage d, ask_damaged(m.name, change_all(d.statement, part)) a
 WHERE m.name IN ('svd', 'lists', 'texts', 'clusters', 'top', 'words', 'weights', 'tight', 'blend');
-- found: the blocks whose damage some function reported, which are all but the
-- names of the terms: serving does not need them; wrong: what must not be
CREATE VIEW summary AS
SELECT o.id, o.name, count(DISTINCT (model, part)) AS blocks,
	   count(DISTINCT (model, part)) FILTER (WHERE result = 'XX001') AS found,
	   string_agg(DISTINCT model || '.' || part || '.' || call || ': ' || result, ', ') FILTER (WHERE result NOT IN ('XX001', 'same')) AS wrong
  FROM outcome o GROUP BY 1, 2;
SELECT name, blocks, found, wrong FROM summary ORDER BY id;
-- who needs what
SELECT part, string_agg(CASE result WHEN 'XX001' THEN call END, ' ' ORDER BY call) AS "of svd, found by"
  FROM outcome WHERE model = 'svd' AND name = 'payload, middle' GROUP BY part ORDER BY part;
TRUNCATE outcome;

-- Rows of the table --------------------------------------------------------

CREATE TABLE trial (name text, models text, statement text);
CREATE TYPE verdict AS (name text, models bigint, found bigint, wrong text);
-- Tries what is in that table, for each of the models: for how many of them
-- the damage was found, and what should not have been the answer.
CREATE FUNCTION verdicts() RETURNS SETOF verdict LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT t.name, count(DISTINCT m), count(DISTINCT m) FILTER (WHERE a.result = 'XX001'),
		string_agg(DISTINCT m || '.' || a.call || ': ' || a.result, ', ') FILTER (WHERE a.result NOT IN ('XX001', 'same'))
	  FROM damage.trial t, unnest(string_to_array(t.models, ' ')) m, damage.ask_damaged(m, t.statement) a
	 GROUP BY t.name ORDER BY t.name COLLATE "C";
	TRUNCATE damage.trial;
END
$$;
\set all '''svd baseline exact lists texts shifts clusters top words weights tight blend'''
INSERT INTO trial VALUES
	('header row deleted', :all, $$ DELETE FROM %I WHERE part = 'header' $$),
	('only the header row left', :all, $$ DELETE FROM %I WHERE part <> 'header' $$),
	('header without meta', :all, $$ UPDATE %I SET meta = NULL WHERE part = 'header' $$),
	('header without manifest', :all, $$ UPDATE %I SET data = NULL WHERE part = 'header' $$),
	('header is block 1', :all, $$ UPDATE %I SET block = 1 WHERE part = 'header' $$),
	('part renamed', :all, $$ UPDATE %I SET part = 'user_idz' WHERE part = 'user_ids' $$),
	('part is block 1', :all, $$ UPDATE %I SET block = 1 WHERE part = 'item_ids' $$),
	('block of the old version', 'svd', $$ UPDATE %1$I m SET data = o.data FROM %1$I o
		WHERE o.part = m.part AND o.version = 1 AND m.part = 'user_factors' $$),
	('manifest of the old version', 'svd', $$ UPDATE %1$I m SET data = o.data FROM %1$I o
		WHERE o.part = m.part AND o.version = 1 AND m.part = 'header' $$),
	('meta of the old version', 'svd', $$ UPDATE %1$I m SET meta = o.meta FROM %1$I o
		WHERE o.part = m.part AND o.version = 1 AND m.part = 'header' $$),
	('manifest of another model', 'svd baseline texts', $$ UPDATE %I m SET data = o.data FROM exact o
		WHERE o.part = 'header' AND m.part = 'header' $$),
	('a newer version without a header', :all, $$ INSERT INTO %I VALUES (9, 'user_ids', 0) $$),
	('a newer version of a header alone', :all, $$ INSERT INTO %1$I SELECT 9, part, block, meta, data FROM %1$I
		WHERE part = 'header' AND version = (SELECT max(version) FROM %1$I) $$),
	('a block twice', :all, $$ ALTER TABLE %1$I DROP CONSTRAINT %1$s_pkey;
		INSERT INTO %1$I SELECT * FROM %1$I WHERE part = 'item_counts' $$),
	('two different headers', 'svd', $$ ALTER TABLE %1$I DROP CONSTRAINT %1$s_pkey;
		INSERT INTO %1$I SELECT 2, part, block, meta, data FROM %1$I WHERE part = 'header' AND version = 1 $$);
SELECT * FROM verdicts();

-- Every member of the header's JSON, its checksum left ---------------------

CREATE VIEW member AS SELECT DISTINCT jsonb_object_keys(meta) AS key FROM svd WHERE part = 'header';
INSERT INTO trial SELECT key, :all, format($$ UPDATE %%I SET meta = jsonb_set(meta, '{%s}', '7') WHERE part = 'header' $$, key) FROM member;
INSERT INTO trial SELECT 'no ' || key, :all, format($$ UPDATE %%I SET meta = meta - %L WHERE part = 'header' $$, key) FROM member;
INSERT INTO trial SELECT 'all ' || json, :all, format($$ UPDATE %%I SET meta = %L WHERE part = 'header' $$, json)
  FROM unnest(ARRAY['null', '1', '[]', '{}']) json;
SELECT count(*) AS headers, sum(models) AS models, sum(found) AS found, string_agg(wrong, ', ') AS wrong FROM verdicts();

-- Forged headers: the checksum is right ------------------------------------

-- those that were not found in all models, or had an answer
CREATE VIEW trouble AS SELECT name, models - found AS missed, left(wrong, 200) AS wrong FROM verdicts() WHERE found < models OR wrong IS NOT NULL;
INSERT INTO trial SELECT json, :all, forge_header(format('meta || %L', json))
  FROM unnest(ARRAY['{"users": 2147483647}', '{"items": 2147483647}', '{"users": 2147483647, "items": 2147483647}',
	'{"users": 1e300}', '{"users": 1e400}', '{"users": -5}', '{"users": 0}', '{"items": 1}', '{"users": 4.5}', '{"users": "5"}',
	'{"ratings": -1}', '{"ratings": 1e18}', '{"mean": null}', '{"mean": 1e400}', '{"deviation": -1}', '{"minimum": 6}',
	'{"minimum": null, "maximum": null}', '{"form": "unheard of"}', '{"form": null}', '{"format": 2}', '{"format": "1"}',
	'{"params": null}', '{"options": 1}', '{"source": null}', '{"source": {"relation": 1}}', '{"iterations": -1}']) json;
INSERT INTO trial SELECT 'all ' || json, :all, forge_header(quote_literal(json) || '::jsonb')
  FROM unnest(ARRAY['null', '1', '[]', '{}']) json;
INSERT INTO trial SELECT 'params ' || json, models, forge_header(format('jsonb_set(meta, ''{params}'', meta -> ''params'' || %L)', json))
  FROM (VALUES ('{"fold_in": null}', 'svd baseline texts'), ('{"fold_in": 1}', 'svd baseline texts'), ('{"fold_in": {}}', 'svd baseline texts'),
	('{"fold_in": [1]}', 'svd'), ('{"fold_in": {"kind": 1}}', 'svd'), ('{"fold_in": {"kind": "magic"}}', 'svd'), ('{"fold_in": {"kind": "ridge"}}', 'svd'),
	('{"fold_in": {"kind": "weighted", "alpha": 1, "hu_koren": 0, "unobserved_weight": 1, "nu": 1, "regularization": 1}}', 'baseline'),
	('{"offset": null}', 'svd baseline texts'), ('{"offset": 1e400}', 'svd baseline texts'), ('{"k": 0}', 'exact lists'),
	('{"k": 1e10}', 'exact lists'), ('{"k": null}', 'exact lists'), ('{"min_k": -1}', 'exact lists'), ('{"min_support": -1}', 'exact lists'),
	('{"shrinkage": -1}', 'exact lists'), ('{"shrinkage": "x"}', 'exact lists'), ('{"score": "best"}', 'exact lists'),
	('{"normalize": null}', 'blend'), ('{"normalize": "best"}', 'blend'), ('{"weights": null}', 'blend'), ('{"weights": 1}', 'blend'), ('{"weights": []}', 'blend'),
	('{"weights": [1, 2]}', 'blend'), ('{"weights": [1, 2, 3, 4]}', 'blend'), ('{"weights": [1, 2, null]}', 'blend'), ('{"weights": [1, 2, -1]}', 'blend'),
	('{"weights": [1, 2, 1e400]}', 'blend'), ('{"ratings": [true, true]}', 'blend'), ('{"ratings": [true, true, 1]}', 'blend'), ('{"ratings": {}}', 'blend'),
	('{"similarity": "none"}', 'exact lists'), ('{"similarity": null}', 'exact lists'), ('{"weighting": "heavy"}', 'exact lists'), ('{"weighting": null}', 'exact lists'), ('{"asymmetry": 2}', 'exact lists'),
	('{"asymmetry": null}', 'exact lists'), ('{"bm25_k1": -1}', 'exact lists'), ('{"bm25_k1": 1e400}', 'exact lists'), ('{"bm25_b": "x"}', 'exact lists'),
	('{"weighted": null}', 'shifts'), ('{"weighted": 1}', 'shifts'),
	('{"damped_by": "wish"}', 'svd baseline'), ('{"damped_by": "component"}', 'baseline blend'),
	('{"unknown": null}', 'top'), ('{"unknown": 1e400}', 'top')) p(json, models);
INSERT INTO trial SELECT 'components ' || json, 'blend', forge_header(format('jsonb_set(meta, ''{components}'', %L)', json))
  FROM unnest(ARRAY['null', '5', '{}', '[]', '[1, 2, 3]', '[{}, {}, {}]', '[[], [], []]']) json;
INSERT INTO trial SELECT 'component ' || n || ' ' || json, 'blend',
		forge_header(format('jsonb_set(meta, ''{components,%s}'', (meta -> ''components'' -> %1$s) || %L)', n, json))
  FROM unnest('{0,1,2}'::int[]) n, unnest(ARRAY['{"form": null}', '{"form": "unheard of"}', '{"form": "blend"}', '{"form": "deviation"}', '{"form": "item_neighbor"}',
	'{"params": null}', '{"params": 7}', '{"options": 7}', '{"algorithm": 7}']) json;
INSERT INTO trial SELECT 'component that damps ' || json, 'svd', forge_header(format('jsonb_set(meta, ''{components,0}'', (meta -> ''components'' -> 0) || %L)', json))
  FROM unnest(ARRAY['{"form": "unheard of"}', '{"params": null}']) json;
INSERT INTO trial SELECT 'without component ' || n, 'blend', forge_header(format('meta #- ''{components,%s}''', n)) FROM unnest('{0,1,2}'::int[]) n;
INSERT INTO trial VALUES
	('without components', 'blend', forge_header('meta - ''components''')),
	('more components', 'blend', forge_header('jsonb_set(meta, ''{components}'', (meta -> ''components'') || (meta -> ''components''))')),
	('too many components', 'blend', forge_header('jsonb_set(meta, ''{components}'', ' || repeat('(meta -> ''components'') || ', 5) || '(meta -> ''components''))'));
INSERT INTO trial SELECT 'log ' || json, 'svd', forge_header(format('jsonb_set(meta, ''{log}'', %L)', json))
  FROM unnest(ARRAY['null', '5', '"x"', '{}', '[{}]', '[1]', '[null]', '[[]]', '[["a", "b", "c"]]', '[[1, 2, 1e400]]']) json;
-- every member of fold_in, missing and out of range
CREATE VIEW fold_in_member AS SELECT m AS model, jsonb_object_keys(meta #> '{params,fold_in}') AS key
  FROM (SELECT 'svd' AS m, meta FROM svd WHERE part = 'header' AND version = 2 UNION ALL SELECT 'texts', meta FROM texts WHERE part = 'header') h;
INSERT INTO trial SELECT format('no %s to fold in', key), model, forge_header(format('meta #- ''{params,fold_in,%s}''', key)) FROM fold_in_member;
INSERT INTO trial SELECT format('%s %s to fold in', key, v), model, forge_header(format('jsonb_set(meta, ''{params,fold_in,%s}'', ''%s'')', key, v))
  FROM fold_in_member, unnest('{-1,true}'::text[]) v;
SELECT count(*) AS headers FROM trial;
SELECT * FROM trouble;

-- A header of 0.1.0, which names no types and no encoding, is as good; text that
-- is said to be of another encoding is not read, unless it is ASCII.
SELECT name, m, string_agg(DISTINCT result, ' ' ORDER BY result) AS answers
  FROM (VALUES ('of 0.1.0', '(meta - ''encoding'' - ''ascii'') #- ''{source,user_type}'' #- ''{source,item_type}'''),
			   ('not ASCII', 'meta || ''{"encoding": "LATIN1", "ascii": false}'''), ('ASCII', 'meta || ''{"encoding": "LATIN1", "ascii": true}'''),
			   ('absurd', 'jsonb_set(meta || ''{"encoding": 5, "ascii": "yes"}'', ''{source,item_type}'', ''[]'')')) h(name, expression),
	   unnest('{svd,texts,words}'::text[]) m, ask_damaged(m, forge_header(expression)) GROUP BY 1, 2 ORDER BY 1, 2;

-- Forged manifests ---------------------------------------------------------

CREATE FUNCTION forge_line(part int, member text, number bigint) RETURNS text LANGUAGE sql AS $$
	SELECT format('UPDATE %%1$I SET data = damage.sealed(damage.set_line(data, %s, 0, %L, %s)) WHERE part = ''header''', part, member, number)
$$;
INSERT INTO trial SELECT format('part %s: %s = %s', part, member, number), 'svd lists texts', forge_line(part, member, number)
  FROM unnest('{1,3,4}'::int[]) part, line_field f(member),
	   unnest('{0,7,4294967295,2147483647}'::bigint[]) number
 WHERE NOT (number = 0 AND member IN ('block', 'first_row'));
-- 1.user_factors, 2.user_clusters, 3.neighbors, and other parts than these
INSERT INTO trial SELECT format('part %s: %s = %s', part, member, number), 'blend', forge_line(part, member, number)
  FROM unnest('{263,522,777}'::int[]) part, line_field f(member), unnest('{0,7,4294967295,2147483647}'::bigint[]) number
 WHERE NOT (number = 0 AND member IN ('block', 'first_row'))
   -- neighbors need not be kept
   AND NOT (part = 777 AND member = 'part' AND number = 7);
INSERT INTO trial SELECT format('part 263 is %s', number), 'blend', forge_line(263, 'part', number) FROM unnest('{1,7,256,257,259,519,1031,273,511,65536}'::bigint[]) number;
INSERT INTO trial SELECT format('header %s = %s', name, number), 'svd lists texts',
		format('UPDATE %%1$I SET data = damage.sealed(damage.put_field(data, %L, %s)) WHERE part = ''header''', name, number)
  FROM field, unnest('{1,3,4294967295,2147483647}'::bigint[]) number
 WHERE name NOT IN ('crc', 'block', 'first_row', 'extra') AND NOT (name = 'format' AND number = 1) AND NOT (name = 'type' AND number = 3);
INSERT INTO trial VALUES
	('without its last block', 'svd exact texts', $$ UPDATE %I SET data = damage.sealed(damage.put_field(substring(data FOR length(data) - 28), 'rows',
		damage.number_at(data, 16) - 1)) WHERE part = 'header' $$),
	('of one line', :all, $$ UPDATE %I SET data = damage.sealed(damage.put_field(substring(data FOR 60), 'rows', 1)) WHERE part = 'header' $$),
	('of no line', :all, $$ UPDATE %I SET data = damage.sealed(damage.put_field(substring(data FOR 32), 'rows', 0)) WHERE part = 'header' $$),
	('with a block twice', :all, $$ UPDATE %I SET data = damage.sealed(damage.put_field(data || substring(data FROM length(data) - 27), 'rows',
		damage.number_at(data, 16) + 1)) WHERE part = 'header' $$);
-- more users, or items, than there are bytes: header and manifest agree
CREATE FUNCTION set_rows(manifest bytea, parts int[], number bigint) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..array_length(parts, 1) LOOP
		manifest := damage.set_line(manifest, parts[i], 0, 'rows', number);
	END LOOP;
	RETURN manifest;
END
$$;
INSERT INTO trial SELECT format('%s %s', number, member), 'svd baseline lists shifts clusters top words weights tight', forge_header(format('jsonb_set(meta, ''{%s}'', ''%s'')', member, number))
		|| format('; UPDATE %%1$I SET data = damage.sealed(damage.set_line(damage.set_rows(data, %L, %s), 3, 0, %L, %s)) WHERE part = ''header''',
				  parts, number, CASE member WHEN 'users' THEN 'rows' ELSE 'cols' END, number)
  FROM (VALUES ('users', '{1,5,7,9,10}'), ('items', '{2,4,6,8,11,16}')) m(member, parts), unnest('{7,1000000}'::int[]) number;
-- A count that nothing proves: nothing is made of that size, nor answered.
SELECT call, result FROM ask_damaged('blend', forge_header('jsonb_set(meta, ''{users}'', ''100000000'')')
	|| $$; UPDATE %1$I SET data = damage.sealed(damage.set_line(damage.set_line(damage.set_rows(data, '{1,261,263,517,522,777}', 100000000), 3, 0, 'rows', 100000000), 777, 0, 'cols', 100000000))
		WHERE part = 'header' $$) ORDER BY call;
SELECT count(*) AS manifests FROM trial;
SELECT * FROM trouble;

-- Forged blocks: the checksums and the manifest are right ------------------

INSERT INTO trial SELECT format('%s: %s = %s', part, f.name, number), models, forge(format('damage.put_field(m.data, %L, %s)', f.name, number), part)
  FROM (VALUES ('user_ids', 'svd texts'), ('item_ids', 'lists'), ('ratings', 'svd exact lists'), ('item_counts', 'svd'),
	('user_bias', 'svd exact'), ('item_factors', 'svd texts'), ('user_factors', 'svd'), ('neighbors', 'lists'), ('weights', 'weights'), ('dense_weights', 'tight'),
	('user_clusters', 'clusters'), ('item_clusters', 'clusters'), ('cluster_offsets', 'clusters'), ('item_bias', 'top'), ('item_terms', 'words'),
	('1.item_factors', 'blend'), ('2.user_clusters', 'blend'), ('3.neighbors', 'blend')) p(part, models),
	   field f, unnest('{0,1,4,4294967295,2147483647,268435456}'::bigint[]) number
 WHERE f.name NOT IN ('magic', 'crc', 'block', 'first_row')
   -- but for what is right, and what would be the block of another part
   AND NOT (f.name = 'type' AND part = 'user_ids' AND number = 4) AND NOT (f.name = 'part' AND number IN (0, 4, 268435456))
   AND NOT (f.name IN ('format', 'part', 'type', 'cols') AND number = 1) AND NOT (f.name = 'cols' AND part = 'item_terms' AND number = 4)
   AND NOT (f.name = 'extra' AND (number = 0 OR part NOT IN ('ratings', 'neighbors', 'weights', 'item_terms')));
-- numbers that are not finite
INSERT INTO trial SELECT part || ' not finite: ' || v, models, forge(format('substring(m.data FOR length(m.data) - 4) || %L::bytea', v), part)
  FROM (VALUES ('ratings', 'svd exact lists'), ('item_counts', 'svd'), ('user_bias', 'svd exact'), ('item_bias', 'svd baseline exact'),
	('user_factors', 'svd'), ('item_factors', 'svd'), ('neighbors', 'lists'), ('weights', 'weights'), ('dense_weights', 'tight'), ('cluster_offsets', 'clusters'), ('item_bias', 'top'), ('item_terms', 'words'),
	('ratings', 'blend'), ('1.item_bias', 'blend'), ('3.neighbors', 'blend')) p(part, models), unnest(ARRAY['\x0000c07f', '\x000080ff']) v;
-- offsets and column indexes of the sparse rows of 5 users, the first of whom
-- has 4 ratings
INSERT INTO trial SELECT 'offset ' || n || ' = ' || v, 'svd exact lists shifts', forge(format('damage.put_number(m.data, 32 + 4 * %s, %s)', n, v), 'ratings')
  FROM unnest('{0,1,2,5}'::int[]) n, unnest('{1,20,100,4294967295}'::bigint[]) v WHERE n <> 1 OR v <> 1;
INSERT INTO trial SELECT 'index ' || n || ' = ' || v, 'svd exact lists shifts', forge(format('damage.put_number(m.data, 32 + 4 * 6 + 4 * %s, %s)', n, v), 'ratings')
  FROM unnest('{0,1,2}'::int[]) n, unnest('{5,6,4294967295,2147483648}'::bigint[]) v;
INSERT INTO trial SELECT 'neighbor ' || n || ' = ' || v, 'lists', forge(format('damage.put_number(m.data, 32 + 4 * 6 + 4 * %s, %s)', n, v), 'neighbors')
  FROM unnest('{0,1,2}'::int[]) n, unnest('{5,4294967295}'::bigint[]) v;
-- terms of 6 items, of which there are 4
INSERT INTO trial SELECT 'term ' || n || ' = ' || v, 'words', forge(format('damage.put_number(m.data, 32 + 4 * 7 + 4 * %s, %s)', n, v), 'item_terms')
  FROM unnest('{0,1,2}'::int[]) n, unnest('{4,4294967295,2147483648}'::bigint[]) v;
-- a model without users that has some, or has no source and yet users
INSERT INTO trial SELECT json, 'words top', forge_header(format('meta || %L', json))
  FROM unnest(ARRAY['{"users": 0, "ratings": 0}', '{"users": 0, "ratings": 0, "source": {"relation": null, "user_col": "user_id", "item_col": "item_id"}}',
	'{"source": {"relation": null, "user_col": "user_id", "item_col": "item_id"}}']) json;
INSERT INTO trial VALUES ('without its users, which it has', 'words', $$ UPDATE %I SET data = damage.sealed(damage.set_line(data, 1, 0, 'part', 13)) WHERE part = 'header' $$);
INSERT INTO trial SELECT 'weight ' || n || ' = ' || v, 'weights', forge(format('damage.put_number(m.data, 32 + 4 * 7 + 4 * %s, %s)', n, v), 'weights')
  FROM unnest('{0,1,2}'::int[]) n, unnest('{6,4294967295}'::bigint[]) v;
-- weights of both kinds, or of none, or without the ratings they go with
INSERT INTO trial VALUES
	('weights without ratings', 'weights tight', forge_line(3, 'part', 9)),
	('weights become neighbors', 'weights', forge_line(13, 'part', 9)),
	('sparse weights said to be dense', 'weights', forge_line(13, 'part', 14));
-- clusters that there are not, of 2 and 3
INSERT INTO trial SELECT part || ' ' || n || ' = ' || v, 'clusters', forge(format('damage.put_number(m.data, 32 + 4 * %s, %s)', n, v), part)
  FROM (VALUES ('user_clusters', 2), ('item_clusters', 3)) p(part, clusters), unnest('{0,4}'::int[]) n, unnest(ARRAY[clusters, 2147483648, 4294967295]) v;
INSERT INTO trial SELECT part || ' ' || n || ' = ' || v, 'blend', forge(format('damage.put_number(m.data, 32 + 4 * %s, %s)', n, v), part)
  FROM (VALUES ('2.user_clusters', 2), ('2.item_clusters', 3)) p(part, clusters), unnest('{0,4}'::int[]) n, unnest(ARRAY[clusters, 2147483648, 4294967295]) v;
-- text ids
INSERT INTO trial SELECT 'text offset ' || n || ' = ' || v, 'texts', forge(format('damage.put_number(m.data, 32 + 4 * %s, %s)', n, v), 'user_ids')
  FROM unnest('{0,2,5}'::int[]) n, unnest('{1,40,4294967295}'::bigint[]) v;
INSERT INTO trial VALUES
	('text that is not UTF-8', 'texts', forge('set_byte(m.data, length(m.data) - 1, 255)', 'user_ids')),
	('text that ends within a character', 'texts', forge('set_byte(m.data, length(m.data) - 1, 200)', 'item_ids')),
	('text with a zero byte', 'texts', forge('set_byte(m.data, length(m.data) - 1, 0)', 'item_ids')),
	-- ids that cannot be found by bisection
	('ids out of order', 'svd baseline exact', forge('damage.put_number(m.data, 32 + 8, 70000)', 'user_ids')),
	('an id twice', 'svd baseline exact', forge('damage.put_number(m.data, 32 + 8, 1)', 'item_ids')),
	('text ids out of order', 'texts', forge('set_byte(m.data, length(m.data) - 1, 48)', 'item_ids')),
	-- item factors of no columns, so that there need be none of users, and of
	-- as many rows as one likes
	('factors of no columns', 'svd', $$ WITH forged AS (SELECT damage.sealed(damage.put_field(damage.put_field(substring(data FOR 32), 'cols', 0), 'rows', 3)) AS bytes
		FROM %1$I WHERE version = 2 AND part = 'item_factors'),
	done AS (UPDATE %1$I t SET data = bytes FROM forged WHERE t.part = 'item_factors' AND t.version = 2)
	UPDATE %1$I t SET data = damage.sealed(damage.set_line(damage.agree(data, bytes), 7, 0, 'part', 9))
	  FROM forged WHERE t.part = 'header' AND t.version = 2 $$);
SELECT count(*) AS blocks FROM trial;
SELECT * FROM trouble;

-- Numbers that are finite, and so large that scores are not ----------------

-- What all calls say then: an error, or numbers.
CREATE FUNCTION ask_enormous(which text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	BEGIN
		EXECUTE format(statement, which);
		SELECT string_agg(DISTINCT CASE WHEN a ~ 'Infinity|NaN' THEN c.name || ': ' || a WHEN length(a) = 5 THEN a ELSE 'finite' END, ' ')
		  INTO result FROM damage.model m, damage.call c, damage.answer(which, c.query, m.source) a WHERE m.name = which AND c.name <> 'factors';
		RAISE EXCEPTION 'undo' USING ERRCODE = 'RUNDO';
	EXCEPTION WHEN SQLSTATE 'RUNDO' THEN
		RETURN result;
	END;
END
$$;
-- FLT_MAX, and FLT_MAX and -FLT_MAX in turn
CREATE FUNCTION filled(pattern text, part text, header_bytes int = 32) RETURNS text LANGUAGE sql AS $$
	SELECT damage.forge(format('substring(m.data FOR %s) || substring(decode(repeat(%L, length(m.data)), ''hex'') FOR length(m.data) - %1$s)', header_bytes, pattern), part)
$$;
SELECT m.name, part, string_agg(DISTINCT ask_enormous(m.name, filled(pattern, part)), ' | ') AS said
  FROM (VALUES ('svd', 'user_factors'), ('svd', 'item_factors'), ('texts', 'item_factors'), ('svd', 'user_bias'), ('svd', 'item_bias'), ('baseline', 'item_bias'),
	('tight', 'dense_weights'), ('clusters', 'cluster_offsets'), ('top', 'item_bias'), ('blend', '1.item_factors'), ('blend', '2.cluster_offsets')) m(name, part),
	   unnest(ARRAY['ffff7f7f', 'ffff7f7fffff7fff']) pattern
 GROUP BY 1, 2 ORDER BY 1, 2;
-- values of sparse rows, behind offsets and indexes: 24 ratings of 5 users
SELECT m.name, m.part, string_agg(DISTINCT ask_enormous(m.name, filled(pattern, part, (32 + 4 * (rows + 1) + 4 * entries)::int)), ' | ') AS said
  FROM (SELECT name, part, damage.number_at(data, 16) AS rows, damage.number_at(data, 24) AS entries FROM (
	SELECT 'exact' AS name, part, data FROM exact UNION ALL SELECT 'lists', part, data FROM lists UNION ALL SELECT 'shifts', part, data FROM shifts
	UNION ALL SELECT 'weights', part, data FROM weights UNION ALL SELECT 'tight', part, data FROM tight UNION ALL SELECT 'words', part, data FROM words
	UNION ALL SELECT 'blend', part, data FROM blend) b WHERE part IN ('ratings', 'neighbors', 'weights', 'item_terms', '3.neighbors')) m,
	   unnest(ARRAY['ffff7f7f', 'ffff7f7fffff7fff']) pattern
 GROUP BY 1, 2 ORDER BY 1, 2;
-- numbers of the header
SELECT name, json, ask_enormous(name, forge_header(format('meta || %L', json)))
  FROM model, unnest(ARRAY['{"mean": 1e300}', '{"deviation": 1e300}', '{"minimum": 1e39}', '{"mean": 1e38, "minimum": -3e38, "maximum": 3e38, "deviation": 3e38}']) json
 WHERE name IN ('svd', 'shifts', 'blend') ORDER BY 1, 2;
SELECT name, json, ask_enormous(name, forge_header(format('jsonb_set(meta, ''{params}'', (meta -> ''params'') || %L)', json)))
  FROM (VALUES ('svd', '{"offset": 1e300}'), ('svd', '{"offset": 1e38}'), ('svd', '{"unknown": 1e300}'), ('top', '{"unknown": 1e300}'), ('exact', '{"shrinkage": 1e300}'),
	('exact', '{"bm25_k1": 1e300}'), ('exact', '{"k": 2147483647}'), ('blend', '{"weights": [1e300, 1, 1]}'), ('blend', '{"weights": [1e38, 1, 1]}')) p(name, json);

-- Nobody can be folded in by a model that does not say how.
\getenv test_module PG_ABS_SRCDIR
\set test_module :test_module /modules/recsys_test/recsys_test
CREATE FUNCTION public.scores_of_profile(model regclass, items bigint[], ratings float4[]) RETURNS float8[] LANGUAGE c STRICT AS :'test_module';
SELECT array_length(scores_of_profile('svd', '{1,2}', '{5,1}'), 1) AS scores;
DO $$ BEGIN EXECUTE format(damage.forge_header('meta #- ''{params,fold_in}'''), 'svd'); END $$;
SELECT scores_of_profile('svd', '{1,2}', '{5,1}');
SELECT recsys_predict('svd', 1, 1) BETWEEN 1 AND 5 AS predicts;
DROP FUNCTION public.scores_of_profile;

-- What is damaged can be seen, and mended by training ----------------------

UPDATE svd SET meta = meta || '{"users": "many", "trained_at": "yesterday?", "items": 1e30}' WHERE part = 'header';
SELECT model, version FROM recsys_models
 WHERE model::text IN (SELECT name FROM model) AND (users IS NULL OR items > 0 OR trained_at <= now())
 ORDER BY model::text;
SELECT model, version FROM recsys_train('svd', 'ratings', 'svd', '{"factors": 3}');
SELECT recsys_predict('svd', 1, 1) BETWEEN 1 AND 5 AS mended;
UPDATE exact SET data = '\x00' WHERE part = 'header';
SELECT recsys_predict('exact', 1, 1);

-- Asking a damaged model again and again does not fill the memory: its block
-- of users is 200 kB, and the wrong one.
CREATE TABLE wide AS SELECT n AS user_id, n % 10 AS item_id, n % 5 AS rating FROM generate_series(1, 1000) n;
SELECT version FROM recsys_train('leak', 'wide', 'svd', '{"factors": 50, "iterations": 1}');
SELECT version FROM recsys_train('leak', 'wide', 'svd', '{"factors": 50, "iterations": 2}');
UPDATE leak m SET data = o.data FROM leak o WHERE o.part = m.part AND o.version = 1 AND m.version = 2 AND m.part = 'user_factors';
SELECT answer('leak', 'SELECT recsys_predict(%L, 1, 1)', ''), count(*) FROM generate_series(1, 30) GROUP BY 1;
SELECT sum(total_bytes) < 2000000 AS small FROM pg_backend_memory_contexts WHERE name = 'recsys model';

-- What is larger than a model may be is not even read.
SELECT version FROM recsys_train('large', 'wide', 'svd', '{"factors": 50, "iterations": 1, "list_score": "prediction"}');
SET recsys.model_memory_limit = '200kB';
SELECT recsys_predict('large', 1, 1);
SET recsys.model_memory_limit = '1MB';
SELECT recsys_predict('large', 1, 1) BETWEEN 0 AND 4 AS predicts;
RESET recsys.model_memory_limit;
DROP SCHEMA damage CASCADE;
