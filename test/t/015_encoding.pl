# A dump restored into a database of another encoding: models whose text is
# ASCII, or that have none, serve the same; of others no text is misread, and
# they can be trained again.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use ServerTest;
use Test::More;

my $node = create_server('main');
my $dump = $node->backup_dir . '/dump';

# The same in every database: ids of both kinds, words, and names that are not
# ASCII.  Characters are named by number, whatever the client's encoding.
my $tables = q(
	CREATE FUNCTION pg_temp.e() RETURNS text LANGUAGE sql AS $$
		SELECT convert_from('\xe9', 'LATIN1') $$;
	DO $$
	BEGIN
		EXECUTE format('CREATE TABLE %I AS
			SELECT u AS %I, i AS item_id, 1 + (u * 7 + i * 3 + u * i) %% 5 AS rating
			  FROM generate_series(10, 49) u, generate_series(10, 29) i
			 WHERE (u + i * 2) %% 3 > 0', 'cot' || pg_temp.e(),
			'utilis' || pg_temp.e());
		EXECUTE format('CREATE VIEW numbers AS SELECT %I AS user_id, item_id,
			rating FROM %I', 'utilis' || pg_temp.e(), 'cot' || pg_temp.e());
	END $$;
	CREATE TABLE ascii AS SELECT 'u' || user_id AS user_id,
		'i' || item_id AS item_id, rating FROM numbers;
	CREATE TABLE accented AS SELECT 'u' || user_id AS user_id,
		CASE WHEN item_id % 2 = 0 THEN pg_temp.e() ELSE 'i' END || item_id
		AS item_id, rating FROM numbers;
	CREATE TABLE described AS SELECT item_id, 'th' || pg_temp.e() AS words
		FROM (SELECT DISTINCT item_id FROM numbers) i;);
my %training = (
	numbers => q('numbers', 'svd', '{"factors": 3}'),
	ascii => q('ascii', 'item_knn'),
	accented => q('accented', 'item_knn'),
	words => q('numbers', 'content', '{"items": "described",
		"text_cols": ["words"]}'));

sub train_all
{
	my ($database) = @_;

	$node->safe_psql($database,
		join('', map { "SELECT recsys_train('m_$_', $training{$_});" }
			  sort keys %training)
		  . q(DO $$ BEGIN PERFORM recsys_train('m_named',
				convert_from('cot\351', 'LATIN1')::regclass, 'item_knn',
				user_col => convert_from('utilis\351', 'LATIN1')::name); END $$));
	return;
}

sub lists_of
{
	my ($database, $model, $user) = @_;

	return $node->safe_psql(
		$database, qq(
		SELECT u, convert_to(item_id, 'UTF8'), score::real, basis
		  FROM generate_series(5, 52, 3) u,
			   recsys_recommend('$model', '$user' || u, 7)
		 ORDER BY u, score DESC, item_id COLLATE "C"));
}

# A copy of database "from" in another encoding.
sub restore
{
	my ($from, $to, $encoding) = @_;

	$node->safe_psql('postgres',
		"CREATE DATABASE $to ENCODING '$encoding' TEMPLATE template0
		 LOCALE 'C'");
	$node->command_ok(
		[ 'pg_dump', '--file', $dump, $node->connstr($from) ],
		"dump $from for $to");
	$node->command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
			'-d', $node->connstr($to), '-f', $dump
		],
		"restore it into $to");
	return;
}

sub error_of
{
	my ($database, $statement) = @_;
	my (undef, undef, $error) = $node->psql($database, $statement);

	return $error;
}

$node->safe_psql('postgres',
	q(CREATE DATABASE utf8 ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C'));
$node->safe_psql('utf8', "CREATE EXTENSION recsys; $tables");
train_all('utf8');

my %expected = (
	m_numbers => lists_of('utf8', 'm_numbers', ''),
	m_named => lists_of('utf8', 'm_named', ''),
	m_words => lists_of('utf8', 'm_words', ''),
	m_ascii => lists_of('utf8', 'm_ascii', 'u'));

sub check_copy
{
	my ($database, $encoding, $from) = @_;
	my $refused = qr/model "m_accented" has text in encoding $from/;

	foreach my $model (sort keys %expected)
	{
		is( lists_of($database, $model, $model eq 'm_ascii' ? 'u' : ''),
			$expected{$model}, "$database: $model serves the same");
	}
	is( $node->safe_psql(
			$database, q(SELECT model, items FROM recsys_models
			 ORDER BY model::text COLLATE "C")),
		"m_accented|20\nm_ascii|20\nm_named|20\nm_numbers|20\nm_words|20",
		"$database: all models are listed");
	like(
		error_of($database, q(SELECT * FROM recsys_recommend('m_accented', 'u10'))),
		$refused, "$database: text of another encoding is not returned");
	like(
		error_of($database, q(SELECT recsys_predict('m_accented', 'u10', 'i11'))),
		$refused, "$database: nor compared");
	like(
		error_of($database, q(SELECT recsys_predict('m_accented', 'u10', 'i11'))),
		qr/this one has $encoding\..*recsys_retrain/s,
		"$database: the error says what to do");
	like(
		error_of($database, q(SELECT * FROM recsys_recommend_all('m_accented'))),
		$refused, "$database: nor returned for all");
	return;
}

restore('utf8', 'latin1', 'LATIN1');
check_copy('latin1', 'LATIN1', 'UTF8');
restore('utf8', 'bare', 'SQL_ASCII');
check_copy('bare', 'SQL_ASCII', 'UTF8');

# Trained again, all serve as if they had been trained there.
$node->safe_psql('latin1',
	q(SELECT recsys_retrain(model) FROM recsys_models));
is( lists_of('latin1', 'm_accented', 'u'),
	lists_of('utf8', 'm_accented', 'u'),
	'latin1: the retrained model serves the same');

# The other way: what was trained in LATIN1, in UTF8.
restore('latin1', 'back', 'UTF8');
check_copy('back', 'UTF8', 'LATIN1');

$node->stop;
done_testing();
