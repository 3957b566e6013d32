# An installed older version becomes the present one: ALTER EXTENSION UPDATE makes
# what CREATE EXTENSION makes of nothing, models that the older version trained
# serve what it served, and what users built on its functions stays.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Utils;
use ServerTest;
use Test::More;

my ($version) = slurp_file('recsys.control') =~ /^default_version\s*=\s*'([^']+)'/m;

# Published scripts, as they were when they were published.
my %published = ('0.1.0' => '6b55d67a78ab7151ba4ecd376e87d8ae6f9c55379a7d0191682d971194f5f8bd');
foreach my $old (sort keys %published)
{
	is(sha256_hex(slurp_file("sql/recsys--$old.sql")), $published{$old}, "recsys--$old.sql has not changed");
}

my $node = create_server('main');
$node->safe_psql('postgres', 'DROP EXTENSION recsys');

sub run_file
{
	my ($database, $file) = @_;

	$node->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ],
		"$database: $file runs");
	return;
}

# Every line of one that the other has not.
sub difference
{
	my ($left, $right) = @_;
	my %right = map { $_ => 1 } split /\n/, $right;

	return join "\n", grep { !$right{$_} } split /\n/, $left;
}

# What is served now and what the older version served, all of it or some, in
# other digits at most: another processor may add in another order.
sub differences
{
	my ($condition, $tolerance) = @_;

	return qq(
		SELECT count(*), count(*) FILTER (WHERE e.what IS NULL OR s.what IS NULL
		       OR (e.value IS NULL) <> (s.value IS NULL) OR abs(e.value - s.value) > $tolerance * (1 + abs(e.value)))
		  FROM models.expected e FULL JOIN models.serving() s USING (model, what, user_id, item_id, note)
		 WHERE $condition);
}

# Since then somebody for whom a model has nothing gets the popular list, not none.
my $there = q(NOT (what = 'list' AND note = 'popular' AND NOT EXISTS (SELECT FROM models.expected x
	WHERE x.what = 'list' AND x.model = coalesce(e.model, s.model) AND x.user_id = coalesce(e.user_id, s.user_id))));

my $serving = q(SELECT * FROM models.serving() ORDER BY 1, 2, 3, 4, 5, 6);

# All kinds of things that need a function or view of the extension.
my $built = q(
	CREATE SCHEMA shop;
	CREATE TABLE shop.list (recommended int[], relevant int[] CHECK (ndcg_at_k('{1}', relevant, 1) IS DISTINCT FROM .5),
		hit float8 DEFAULT hit_at_k('{1}'::int[], '{1}', 1),
		precision float8 GENERATED ALWAYS AS (precision_at_k(recommended, relevant, 5)) STORED);
	INSERT INTO shop.list VALUES ('{1,2}', '{2}');
	CREATE INDEX by_rank ON shop.list (reciprocal_rank(recommended, relevant, 5));
	CREATE VIEW shop.best AS SELECT r.* FROM recsys_recommend('models.als', 3, 5) r;
	CREATE VIEW shop.guess AS SELECT i, recsys_predict('models.svd', 3, i) AS p FROM generate_series(1, 8) i;
	CREATE VIEW shop.mine AS SELECT model::text, algorithm, version, users, bytes > 0 AS stored FROM recsys_models;
	CREATE VIEW shop.choice AS SELECT name, form FROM recsys_algorithms;
	CREATE MATERIALIZED VIEW shop.alike AS SELECT s.* FROM recsys_similar_items('models.item_knn', 1, 5) s;
	CREATE VIEW shop.error AS SELECT rmse(recsys_predict('models.als', user_id, item_id), rating) FROM models.ratings;
	CREATE FUNCTION shop.live(u int) RETURNS SETOF text LANGUAGE sql
	BEGIN ATOMIC SELECT r::text FROM item_knn_recommend('models.ratings', u, 5) r; END;
	CREATE TABLE shop.unrelated AS SELECT 1 AS one;
	CREATE VIEW shop.nothing AS SELECT one FROM shop.unrelated;);
my $built_gives = q(
	TABLE shop.list; TABLE shop.best; TABLE shop.guess; SELECT * FROM shop.mine ORDER BY 1; SELECT * FROM shop.choice;
	TABLE shop.alike; TABLE shop.error; SELECT shop.live(3););
my ($needing) = slurp_file('doc/operations.md') =~ /^## Upgrading\n.*?^```sql\n(.*?)^```\n/ms;

foreach my $old (sort keys %published)
{
	my $database = "from $old";

	$node->safe_psql('postgres', qq(CREATE DATABASE "$database" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'));
	$node->safe_psql($database, "CREATE EXTENSION recsys VERSION '$old'");
	run_file($database, "test/upgrade/models-$old.sql");
	$node->safe_psql($database, $built);
	like($node->safe_psql($database, differences($there, 1e-5)), qr/^[1-9]\d+\|0$/, "$old: the library of $version serves its models");

	my $before = $node->safe_psql($database, $serving);
	my $gave = $node->safe_psql($database, $built_gives);
	my $needs = $node->safe_psql($database, $needing);

	is(scalar(split /\n/, $needs), 11, "$old: the query of doc/operations.md lists what needs it");
	like($needs, qr/\Q$_\E/, "$old: $_ among them")
	  foreach 'view shop.best|{"function recsys_recommend(regclass,anyelement,integer,boolean)"}',
	  'view shop.guess', 'view shop.mine|{"view recsys_models"}', 'view shop.choice', 'materialized view shop.alike',
	  'view shop.error|{"function recsys_predict(', 'function rmse(', 'function shop.live(integer)', 'index shop.by_rank',
	  'constraint list_relevant_check', 'default value for column hit of table shop.list', 'default value for column precision of table shop.list';
	unlike($needs, qr/unrelated|nothing/, "$old: and nothing else");

	$node->safe_psql($database, 'ALTER EXTENSION recsys UPDATE');
	is($node->safe_psql($database, q(SELECT extversion FROM pg_extension WHERE extname = 'recsys')),
		$version, "$old becomes $version");
	is($node->safe_psql($database, $serving), $before, "$old: models serve as before");
	is($node->safe_psql($database, $built_gives), $gave, "$old: so does what is built on it");
	is( $node->safe_psql(
			$database, q(SELECT count(*) FILTER (WHERE t.version <> 2) FROM recsys_models m, recsys_retrain(m.model) t)),
		0, "$old: its models are trained again");
}

# Models from between two releases: by options' and forms' names of then, models
# are served and trained again, as they were.
foreach my $file (glob 'test/upgrade/models-*.sql')
{
	my ($commit) = $file =~ /models-([0-9a-f]+)[.]sql$/ or next;
	my $database = "from $commit";

	$node->safe_psql('postgres', qq(CREATE DATABASE "$database" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'));
	$node->safe_psql($database, 'CREATE EXTENSION recsys');
	run_file($database, $file);
	like($node->safe_psql($database, differences($there, 1e-5)), qr/^[1-9]\d+\|0$/, "$commit: its models are served");

	# Nor is there a word of options whose names are others by now.
	my (undef, $trained, $notices) = $node->psql(
		$database, q(SELECT count(*) FILTER (WHERE t.version <> 2) FROM recsys_models m, recsys_retrain(m.model) t));
	is($trained, 0, "$commit: its models are trained again");
	unlike($notices, qr/renamed/, "$commit: without a notice of renamed options");

	# Since then what users have rated is kept from them even if training uses none of it, and
	# other defaults suit the components of a blend, of which only the given options are known; gradient
	# comes nearer to the minimum in as many iterations; and ratings from 3 to 5 are trained on in the scale of
	# those from 1 to 5.
	my $same = $there . q( AND model NOT IN ('hybrid', 'hybrid_forms', 'gradient_renamed', 'als_seen') AND what NOT IN ('header', 'log') AND NOT (what = 'list' AND note = 'popular' AND (user_id, item_id) IN
		(SELECT user_id::text, item_id::text FROM models.ratings)));

	# And the scores of lists of predicted ratings are not the predictions, in models whose header says so.
	$same .= q( AND NOT (what = 'list' AND note <> 'popular' AND EXISTS (SELECT FROM recsys_models m
		WHERE m.model = ('models.' || coalesce(e.model, s.model))::regclass
		  AND m.options ->> 'list_score' = 'damped' AND m.algorithm NOT IN ('hybrid', 'normal', 'popular', 'content')
		  AND EXISTS (SELECT FROM recsys_algorithms a WHERE a.name = m.algorithm AND a.feedback <> 'implicit'))));

	like($node->safe_psql($database, differences($same, 1e-3)), qr/^[1-9]\d+\|0$/, "$commit: and serve what they served");
}

# Nothing in the catalogues tells which way a database has come, in any schema.
foreach my $schema ('public', '"The engine"')
{
	my $fresh;

	foreach my $old ('', sort keys %published)
	{
		my $way = $old eq '' ? "fresh in $schema" : "$old in $schema";

		$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS other; CREATE DATABASE other;');
		$node->safe_psql('other', qq(
			CREATE SCHEMA IF NOT EXISTS $schema;
			CREATE EXTENSION recsys SCHEMA $schema VERSION '@{[ $old || $version ]}';
			ALTER EXTENSION recsys UPDATE));

		my $catalogue = $node->safe_psql('other', slurp_file('test/upgrade/catalogue.sql'));

		$fresh //= $catalogue;
		cmp_ok(length $catalogue, '>', 100000, "$way: the catalogues say much of it");
		is(difference($fresh, $catalogue), '', "$way: nothing is missing");
		is(difference($catalogue, $fresh), '', "$way: nothing is left over");
	}
}

$node->stop;
done_testing();
