# Counts, repeated rows, text ids, strangers and negative values, on real data:
# uses of apps, hours and purchases of games, visits of a web site, ratings of
# jokes.  The data may not be shipped: skipped where they are not at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = $ENV{RECSYS_DATA} // '';
plan skip_all => 'RECSYS_DATA is not there'
  unless -f "$data/frappe/interactions.tsv.gz"
  && -f "$data/steam-200k/play_hours.tsv.gz"
  && -f "$data/msweb/train.tsv.gz"
  && -f "$data/jester5k/ratings.tsv.gz";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "maintenance_work_mem = '256MB'");
$node->start;

sub sql
{
	return $node->safe_psql('postgres', shift) =~ s/^\s+|\s+$//gr;
}

# The SQLSTATE and message of a statement that is to fail.
sub refusal
{
	my (undef, undef, $stderr) = $node->psql('postgres', shift, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $stderr;
}

# Rows keep the order that they have in the file, for what is first and last.
sub load
{
	my ($table, $file) = @_;

	sql(qq(
		CREATE TABLE $table (place int GENERATED ALWAYS AS IDENTITY,
			user_id int, item_id int, rating real, at text);
		\\copy $table (user_id, item_id, rating, at) FROM PROGRAM 'zcat $data/$file'
		ANALYZE $table));
	return;
}

sql('CREATE EXTENSION recsys');
load('apps', 'frappe/interactions.tsv.gz');
load('hours', 'steam-200k/play_hours.tsv.gz');
load('purchases', 'steam-200k/purchases.tsv.gz');
load('visits', 'msweb/train.tsv.gz');
load('strangers', 'msweb/test.tsv.gz');
load('jokes', 'jester5k/ratings.tsv.gz');

# Games by their names, players by texts too: as they are, and with the rows of
# one player and game merged before.
sql(qq(
	CREATE TABLE game (id int, name text);
	\\copy game FROM PROGRAM 'zcat $data/steam-200k/items.dat.gz | tail -n +2' (FORMAT csv, DELIMITER E'\\t', QUOTE E'\\x01')
	CREATE VIEW played AS
	SELECT place, 'player ' || user_id AS user_id, name AS item_id, rating FROM hours JOIN game ON id = item_id;
	CREATE VIEW bought AS
	SELECT place, 'player ' || user_id AS user_id, name AS item_id, rating FROM purchases JOIN game ON id = item_id));

# The value of several rows in SQL, by policy.
my %merged = (
	max => 'max(rating)',
	min => 'min(rating)',
	mean => 'avg(rating::float8)',
	sum => 'sum(rating::float8)',
	first => '(array_agg(rating ORDER BY place))[1]',
	last => '(array_agg(rating ORDER BY place DESC))[1]');
my %pairs = (apps => 18842, played => 70477, bought => 128804);
my %rows = (apps => 96203, played => 70489, bought => 129511);
my %table = (apps => 'apps', played => 'hours', bought => 'purchases');
my %name = (
	played => q('player ' || user_id, name, rating FROM merged JOIN game ON id = item_id),
	bought => q('player ' || user_id, name, rating FROM merged JOIN game ON id = item_id),
	apps => 'user_id, item_id, rating FROM merged');

# Each policy makes of the rows what a query makes of them: the same model.
foreach my $table (sort keys %pairs)
{
	is(sql("SELECT count(*), (SELECT count(*) FROM (SELECT FROM $table{$table} GROUP BY user_id, item_id) p) FROM $table"),
		"$rows{$table}|$pairs{$table}",
		"$table: rows and pairs");
	like(
		refusal(qq(SELECT recsys_train('m', '$table', 'item_knn', '{"duplicates": "error"}'))),
		qr/ERROR: +21000: several rows for one user and item/,
		"$table: repeated rows are an error if they are to be");
	# That a game was bought is the same each time.
	foreach my $policy ($table eq 'bought' ? ('sum', 'mean') : sort keys %merged)
	{
		my $options = qq({"duplicates": "$policy", "time_col": "place"});

		is( sql(qq(
			CREATE TABLE merged AS
			SELECT user_id, item_id, $merged{$policy} AS rating FROM $table{$table} GROUP BY 1, 2;
			CREATE VIEW merged_first (user_id, item_id, rating) AS SELECT $name{$table};
			SELECT ratings FROM recsys_train('m', '$table', 'item_knn', '$options');
			SELECT FROM recsys_train('n', 'merged_first', 'item_knn', '{"duplicates": "error"}');
			SELECT bool_and(m.data = n.data) FROM m FULL JOIN n USING (version, part, block) WHERE part <> 'header';
			DROP TABLE m, n, merged CASCADE)) =~ s/\s+/ /gr,
			"$pairs{$table} t",
			"$table: $policy of repeated rows");
	}
}
is( sql(q(
	SELECT FROM recsys_train('games', 'played', 'item_knn', '{"score": "sum", "similarity": "cosine", "neighbors": 20}');
	SELECT count(*), count(*) FILTER (WHERE name IS NULL) FROM recsys_similar_items('games', 'Dota 2', 10) LEFT JOIN game ON name = item_id)),
	'10|0',
	'similar games have names');

# Visitors whom the training did not see get what most visitors saw.
sql(q(
	CREATE VIEW seen AS SELECT 'train ' || user_id AS user_id, item_id FROM visits;
	CREATE TABLE popular AS SELECT item_id, count(*) AS n FROM visits GROUP BY 1;
	CREATE TABLE visitor AS SELECT DISTINCT 'test ' || user_id AS user_id FROM strangers WHERE user_id <= 11000));
foreach my $algorithm (qw(item_knn popular))
{
	is( sql(qq(
		SELECT FROM recsys_train('site', 'seen', '$algorithm', rating_col => NULL);
		SELECT count(*), count(DISTINCT user_id), string_agg(DISTINCT basis, ' '),
		       bool_and(score = n AND score >= least)
		  FROM visitor v, recsys_recommend('site', v.user_id, 10) r JOIN popular p ON p.item_id = r.item_id::int,
		       (SELECT n AS least FROM popular ORDER BY n DESC OFFSET 9 LIMIT 1) l)),
		'10000|1000|popular|t',
		"$algorithm: 1000 strangers get the popular list, labelled so");
}
is( sql(q(SELECT string_agg(DISTINCT basis, ' ') FROM (
		SELECT FROM recsys_train('site', 'seen', 'item_knn', rating_col => NULL)) t,
		LATERAL (SELECT basis FROM recsys_recommend('games', 'player 1', 5)) r)),
	'personalized',
	'and others get their own');

# Jokes that were not liked are no weights: algorithms for weights say so, and
# what to do about it.
my @implicit = split /\n/, sql(q(SELECT name FROM recsys_algorithms WHERE feedback = 'implicit' ORDER BY 1));
note('for weights: ', join ', ', @implicit);
foreach my $algorithm (@implicit)
{
	my $refusal = refusal("SELECT recsys_train('fun', 'jokes', '$algorithm')");

	like($refusal, qr/ERROR: +22003: .*does not accept negative values/,
		"$algorithm: negative values are refused");
	like($refusal, qr/HINT: .*min_value.*binarize/s, "$algorithm: with a hint");
}
is( sql(q(SELECT min(rating) < -9 FROM jokes)), 't', 'jokes have negative ratings');
foreach my $algorithm (@implicit, 'item_knn', 'popular')
{
	foreach my $options ('{"min_value": 5, "binarize": true}', '{"min_value": 0}')
	{
		my ($least) = $options =~ /(\d)/;
		# A weight of 0 is no observation.
		my $more = (grep { $_ eq $algorithm } @implicit) ? 'rating <> 0' : 'true';

		is( sql(qq(
			SELECT ratings = (SELECT count(*) FROM jokes WHERE rating >= $least AND $more)
			  FROM recsys_train('fun', 'jokes', '$algorithm', '$options');
			SELECT count(*) > 0 FROM recsys_recommend('fun', 1, 5, exclude_seen => false);
			DROP TABLE fun)) =~ s/\s+/ /gr,
			't t',
			"$algorithm: jokes with $options");
	}
}

$node->stop;
done_testing();
