# Logical replication carries models as it does any table: a subscriber serves
# what the publisher does, from models that were there before it subscribed and
# from versions that are trained later, and trains models of its own beside them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use ServerTest;
use Test::More;

my $publisher = create_server('publisher', allows_streaming => 'logical');
my $subscriber = create_server('subscriber');
my $schema = $publisher->backup_dir . '/schema';

create_models($publisher, 'postgres');
$publisher->safe_psql('postgres', q(
	CREATE PUBLICATION shop FOR TABLES IN SCHEMA models;
	-- it has no key; models do
	ALTER TABLE models.ratings REPLICA IDENTITY FULL));

# The tables have to be there; what is in them is the subscription's affair.
$publisher->command_ok(
	[ 'pg_dump', '--schema-only', '--no-publications', '--schema', 'models', '--file', $schema, $publisher->connstr('postgres') ],
	'dump the empty tables');
$subscriber->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $subscriber->connstr('postgres'), '-f', $schema ],
	'restore them');
is($subscriber->safe_psql('postgres', q(SELECT count(*) FROM recsys_models WHERE algorithm IS NOT NULL)),
	0, 'the models are empty');
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION shop CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION shop");
$subscriber->wait_for_subscription_sync($publisher, 'shop');

# A session that has read all models must see that there are newer versions.
my $session = open_session($subscriber);
my $query = 'SELECT * FROM models.serving() ORDER BY 1, 2, 3, 4, 5, 6';

sub check_subscriber
{
	my ($when) = @_;
	my $expected = models_serving($publisher, 'postgres');

	$publisher->wait_for_catchup('shop');
	is(models_serving($subscriber, 'postgres'), $expected, "$when: a new session serves the same");
	is($session->query($query), $expected, "$when: a session that goes on does so too");
	return $expected;
}

my $before = check_subscriber('first copied');

# Twice, so that a version is dropped, which is replicated too.
foreach my $version (2, 3)
{
	$publisher->safe_psql(
		'postgres', qq(
		UPDATE models.ratings SET rating = 6 - rating WHERE item_id < 3 * $version;
		SELECT count(*) FROM recsys_models m, recsys_retrain(m.model)));

	my $after = check_subscriber("version $version");

	isnt($after, $before, "version $version: training has changed what is served");
	$before = $after;
}
is( $subscriber->safe_psql('postgres', 'SELECT DISTINCT version FROM models.als ORDER BY 1'),
	"2\n3", 'what is dropped there is dropped here');

# From the replicated ratings, next to the replicated models.
is( $subscriber->safe_psql(
		'postgres', q(
		SELECT version FROM recsys_train('own', 'models.ratings', 'als', '{"factors": 3}');
		SELECT count(*) > 0 AND bool_and(a.data = b.data)
		  FROM (SELECT * FROM own WHERE part <> 'header') a
		  FULL JOIN (SELECT * FROM models.als WHERE version = 3 AND part <> 'header') b USING (part, block))),
	"1\nt",
	'a model trained there is the same, byte for byte');

$session->quit;
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION shop');
$subscriber->stop;
$publisher->stop;
done_testing();
