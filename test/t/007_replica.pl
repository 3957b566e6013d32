# A hot standby recommends what the primary does, follows when a model is
# trained again, and says clearly that it cannot train.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use ServerTest;
use Test::More;

my $primary = create_server('primary', allows_streaming => 1);

# Models of both kinds from before the backup.
$primary->safe_psql('postgres',
	create_ratings('ratings') . q(
	CREATE VIEW unreadable AS
	SELECT user_id / 0 AS user_id, item_id, rating FROM ratings;
	SELECT recsys_train('factors', 'ratings', 'als',
						'{"factors": 6, "iterations": 5}');
	SELECT recsys_train('neighbors', 'ratings', 'item_knn',
						'{"neighbors": 9, "keep_versions": 1}');));
create_models($primary, 'postgres');
$primary->backup('backup');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

# This session on the standby has every model in memory, once it has used it.
my $session = open_session($standby);

sub check_standby
{
	my ($model, $version) = @_;
	my $expected = $primary->safe_psql('postgres', serving($model));
	my $look =
	  "SELECT version FROM recsys_models WHERE model = '$model'::regclass";

	$primary->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $look),
		$version, "$model: the standby has version $version");
	is($standby->safe_psql('postgres', serving($model)),
		$expected, "$model $version: a new session serves as the primary");
	is($session->query(serving($model)),
		$expected, "$model $version: a session that goes on does so too");
	return $expected;
}

my $before = check_standby('factors', 1);
check_standby('neighbors', 1);

$primary->safe_psql(
	'postgres', q(
	UPDATE ratings SET rating = 6 - rating WHERE item_id < 30;
	SELECT recsys_retrain('factors');
	SELECT recsys_retrain('neighbors');
	SELECT recsys_train('later', 'ratings', 'svd', '{"factors": 3}');));
isnt(check_standby('factors', 2), $before, 'retraining has changed the model');
check_standby('neighbors', 2);
check_standby('later', 1);

# A model of every algorithm, from the backup and from the stream.
sub check_every_algorithm
{
	my ($when) = @_;
	my $expected = models_serving($primary, 'postgres');

	$primary->wait_for_catchup($standby);
	is(models_serving($standby, 'postgres'), $expected, "a model of every algorithm, $when");
	return $expected;
}

$before = check_every_algorithm('of the backup');
$primary->safe_psql(
	'postgres', q(
	UPDATE models.ratings SET rating = 6 - rating WHERE item_id < 5;
	SELECT count(*) FROM recsys_models m, recsys_retrain(m.model)
	 WHERE m.model::text LIKE 'models.%';));
isnt(check_every_algorithm('trained again'), $before, 'training has changed them');

# Straight from the replicated table.
my $live = q(SELECT u, r.* FROM generate_series(1, 60, 7) u,
	user_knn_recommend('ratings', u, 5) r ORDER BY 1, 3 DESC, 2);
is($standby->safe_psql('postgres', $live),
	$primary->safe_psql('postgres', $live),
	'memory-based recommendations are the same');

# Training is refused at once, before it reads any ratings.
my %training = (
	'an existing model' => q(recsys_train('factors', 'unreadable', 'svd')),
	'a new model' => q(recsys_train('another', 'unreadable', 'svd')),
	'a factorization' => q(mf_train('factors', 'unreadable')),
	'a model again' => q(recsys_retrain('factors')));
foreach my $what (sort keys %training)
{
	my ($status, undef, $error) =
	  $standby->psql('postgres', "\\set VERBOSITY verbose
		SELECT $training{$what}");

	is($status, 3, "training $what on the standby fails");
	like(
		$error,
		qr/ERROR: +25006: cannot execute \w+\(\) in a read-only transaction/,
		"training $what: the standby is read-only, it says");
}

# The same in a read-only transaction of the primary.
my (undef, undef, $error) = $primary->psql('postgres',
	"BEGIN READ ONLY; SELECT $training{'a new model'}");
like($error, qr/cannot execute \w+\(\) in a read-only transaction/,
	'so it is in a read-only transaction');

# The rows of an unlogged model are on the primary alone.
$primary->safe_psql(
	'postgres', q(
	SELECT recsys_train('unlogged', 'ratings', 'svd', '{"factors": 3}');
	ALTER TABLE unlogged SET UNLOGGED;));
$primary->wait_for_catchup($standby);
is( $standby->safe_psql(
		'postgres', q(SELECT count(*) > 1, bool_and((version IS NULL) = (model = 'unlogged'::regclass))
					  FROM recsys_models)),
	't|t',
	'the standby lists an unlogged model, and all it says of the others');
(undef, undef, $error) = $standby->psql('postgres',
	q(\set VERBOSITY verbose
	  SELECT recsys_predict('unlogged', 1, 2)));
like($error, qr/ERROR: +0A000: model "unlogged" cannot be read/,
	'it says that it cannot read that model');

# A standby that takes over trains.
$session->quit;
$primary->stop;
$standby->promote;
is( $standby->safe_psql(
		'postgres', q(SELECT version FROM recsys_retrain('factors'))),
	3,
	'after promotion it can be trained');

$standby->stop;
done_testing();
