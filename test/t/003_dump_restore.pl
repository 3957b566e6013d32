# A dump of a database with models, restored into another, serves the same
# recommendations, predictions and factors, and trains on.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use ServerTest;
use Test::More;

my $node = create_server('main');
my $dump = $node->backup_dir . '/dump';

# The models, each of two versions, with the SQL type of their user ids.
my %user_type = (
	'"The models".baseline' => 'int',
	'"The models".svd' => 'int',
	'"The models".als' => 'int',
	'"The models"."k n n"' => 'int',
	'public.neighbors' => 'text');

# What a model gives; the extension is not in the search path.
sub serving_of
{
	my ($database, $model) = @_;
	my $id = $user_type{$model} eq 'int' ? 'u' : "'user ' || u";
	my $users = "SELECT $id AS id FROM generate_series(1, 61) u";
	my $factors = '';

	$factors = qq(
		SELECT * FROM engine.recsys_factors('$model', 'user');
		SELECT * FROM engine.recsys_factors('$model', 'item');)
	  if $model !~ /k n n|neighbors/;
	return $node->safe_psql(
		$database, qq(
		SELECT u.id, r.* FROM ($users) u,
			   engine.recsys_recommend('$model', u.id, 8) r
		 ORDER BY u.id, r.score DESC, r.item_id::text;
		SELECT u.id, i, engine.recsys_predict('$model', u.id, i)
		  FROM ($users) u, generate_series(-1, 41) i ORDER BY u.id, i;
		SELECT iteration, loss, train_rmse
		  FROM engine.recsys_training_log('$model');
		$factors));
}

my $listing = q(
	SELECT model, owner, algorithm, version, trained_at, users, items, ratings,
		   options
	  FROM engine.recsys_models ORDER BY model::text);
my $tables = q(
	SELECT c.oid::regclass, a.attstorage, c.reloftype::regtype, c.relacl,
		   pg_get_constraintdef(k.oid)
	  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	  JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
	 WHERE c.reloftype <> 0 AND a.attname = 'data'
	 ORDER BY c.oid::regclass::text);

$node->safe_psql(
	'postgres', q(
	DROP EXTENSION recsys;
	CREATE ROLE shopkeeper;
	CREATE ROLE customer;
	CREATE DATABASE shop;));
$node->safe_psql(
	'shop', q(
	CREATE SCHEMA engine;
	CREATE EXTENSION recsys SCHEMA engine;
	CREATE SCHEMA "The models" AUTHORIZATION shopkeeper;
	GRANT ALL ON SCHEMA public TO shopkeeper;)
	  . create_ratings('ratings')
	  . create_ratings('named', "'user ' || u", "(i - 20)::bigint")
	  . q(
	GRANT SELECT ON ratings, named TO shopkeeper;
	GRANT USAGE ON SCHEMA engine, "The models" TO shopkeeper, customer;
	SET ROLE shopkeeper;
	SELECT engine.recsys_train('"The models".baseline', 'ratings',
							   'baseline_als');
	SELECT engine.recsys_train('"The models".svd', 'ratings', 'svd',
							   '{"factors": 9, "iterations": 4}');
	SELECT engine.recsys_train('"The models".als', 'ratings', 'als',
							   '{"factors": 5, "iterations": 3}');
	SELECT engine.recsys_train('"The models"."k n n"', 'ratings', 'item_knn',
							   '{"similarity": "cosine", "neighbors": 7,
								 "store_ratings": true}');
	SELECT engine.recsys_train('public.neighbors', 'named', 'user_knn',
							   '{"similarity": "pearson_baseline",
								 "score": "baseline"}');
	RESET ROLE;
	UPDATE ratings SET rating = 6 - rating WHERE item_id < 9;
	UPDATE named SET rating = 6 - rating WHERE item_id < 0;
	SET ROLE shopkeeper;
	SELECT engine.recsys_retrain(model) FROM engine.recsys_models;
	GRANT SELECT ON "The models".svd TO customer;));

my %expected = map { $_ => serving_of('shop', $_) } keys %user_type;
my $expected_listing = $node->safe_psql('shop', $listing);
my $expected_tables = $node->safe_psql('shop', $tables);

is(scalar(() = $expected_listing =~ /\|shopkeeper\|\w+\|2\|/g),
	5, 'there are five models of two versions');
is(scalar(() = $expected_tables =~ /\|e\|/g),
	5, 'the blocks of all are stored out of line, not compressed');

# All that a restored database should have as the dumped one has it.
sub check_copy
{
	my ($database, $format) = @_;

	is($node->safe_psql($database, $listing),
		$expected_listing, "$format: the same models are listed");
	is($node->safe_psql($database, $tables),
		$expected_tables,
		"$format: the same storage, type, privileges and keys");
	foreach my $model (sort keys %user_type)
	{
		is(serving_of($database, $model),
			$expected{$model}, "$format: $model serves the same");
	}
	return;
}

$node->safe_psql('postgres', "CREATE DATABASE $_")
  foreach qw(plain custom bare);

$node->command_ok(
	[ 'pg_dump', '--file', $dump, $node->connstr('shop') ],
	'dump as a script');
$node->command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-d', $node->connstr('plain'), '-f', $dump
	],
	'restore it with psql');
check_copy('plain', 'script');

$node->command_ok(
	[
		'pg_dump', '--format', 'custom',
		'--file', "$dump.custom", $node->connstr('shop')
	],
	'dump as an archive');
$node->command_ok(
	[
		'pg_restore', '--exit-on-error',
		'-d', $node->connstr('custom'), "$dump.custom"
	],
	'restore it with pg_restore');
check_copy('custom', 'archive');

# Training goes on where the dumped model stood, with the same result.
foreach my $database (qw(shop plain))
{
	is( $node->safe_psql(
			$database,
			q(UPDATE ratings SET rating = 5 WHERE user_id < 9;
			SELECT model, version, ratings
			  FROM engine.recsys_retrain('"The models".svd');
			SELECT DISTINCT version FROM "The models".svd ORDER BY 1)),
		qq("The models".svd|3|955\n2\n3),
		"$database: retraining makes version 3");
}
is(serving_of('plain', '"The models".svd'),
	serving_of('shop', '"The models".svd'),
	'retrained models are the same in both');

# One model alone, to where its ratings are not.
$node->command_ok(
	[
		'pg_dump', '--table', '"The models"."k n n"',
		'--file', "$dump.table", $node->connstr('shop')
	],
	'dump the table of a model');
$node->safe_psql(
	'bare', q(
	CREATE SCHEMA engine;
	CREATE EXTENSION recsys SCHEMA engine;
	CREATE SCHEMA "The models";));
$node->command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-d', $node->connstr('bare'), '-f', "$dump.table"
	],
	'restore it');
is(serving_of('bare', '"The models"."k n n"'),
	$expected{'"The models"."k n n"'}, 'the model alone serves the same');

my (undef, undef, $error) = $node->psql('bare',
	q(SELECT engine.recsys_retrain('"The models"."k n n"')));
like(
	$error,
	qr/relation public\.ratings, on which model "k n n" was trained, does not exist/,
	'it cannot be retrained without its ratings');

# A model of every algorithm.
$node->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(every restored);
$node->safe_psql('every', 'CREATE EXTENSION recsys');
create_models($node, 'every');
$node->command_ok(
	[
		'pg_dump', '--format', 'custom',
		'--file', "$dump.every", $node->connstr('every')
	],
	'dump a model of every algorithm');
$node->command_ok(
	[
		'pg_restore', '--exit-on-error',
		'-d', $node->connstr('restored'), "$dump.every"
	],
	'restore them');
is(models_serving($node, 'restored'),
	models_serving($node, 'every'), 'all of them serve the same');
is( $node->safe_psql(
		'restored', q(
		SELECT count(*) FROM recsys_algorithms
		 WHERE to_regclass('models.' || name) IS NULL)),
	0,
	'there was one of every algorithm');

$node->stop;
done_testing();
