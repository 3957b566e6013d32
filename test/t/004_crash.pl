# A server that is stopped at once, at known moments, leaves the version of the
# model that was there before, and training works again afterwards.  Processes that
# are killed at random moments are in 017_storm.pl.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use ServerTest;
use Test::More;

my $node = create_server('main');
$node->safe_psql('postgres', create_ratings('ratings'));

my $train =
  q(SELECT version FROM recsys_train('model', 'ratings', 'svd', '%s'));
my $short = sprintf($train, '{"factors": 8, "iterations": 5}');
my $long = sprintf($train, '{"factors": 512, "iterations": 10000}');
my $versions = q(
	SELECT version, count(*), count(*) FILTER (WHERE part = 'header')
	  FROM model GROUP BY version ORDER BY version);
is($node->safe_psql('postgres', $short), 1, 'version 1 is trained');
my $expected = $node->safe_psql('postgres', serving('model'));
my $rows = $node->safe_psql('postgres', $versions);

# What must be so after every crash.
sub check_model
{
	my ($crash) = @_;

	is($node->safe_psql('postgres', $versions),
		$rows, "$crash: version 1 is there, and no other");
	is($node->safe_psql('postgres', serving('model')),
		$expected, "$crash: it serves as before");
	return;
}

# The server stops at once while a session trains.
my $session = open_session($node);
start_query($session, $long);
wait_until_active($node, 'SELECT version FROM recsys_train%');
$node->stop('immediate');
$session->{run}->finish;
$node->start;
check_model('server, during training');

# All rows of version 2 are on disk, but not committed.
$session = open_session($node);
is($session->query("BEGIN; $short"), 2, 'version 2 is trained');
$node->safe_psql('postgres', 'CHECKPOINT');
$node->stop('immediate');
$session->{run}->finish;
$node->start;
check_model('server, before commit');

# The same for a model that is new.
$session = open_session($node);
(my $create = $short) =~ s/'model'/'another'/;
is($session->query("BEGIN; $create"), 1, 'another model is trained');
$node->safe_psql('postgres', 'CHECKPOINT');
$node->stop('immediate');
$session->{run}->finish;
$node->start;
is($node->safe_psql('postgres', q(SELECT to_regclass('another') IS NULL)),
	't', 'a model that was not committed is not there');
is($node->safe_psql('postgres', $create), 1, 'and can be trained');

# Training again, for good.
is($node->safe_psql('postgres', 'UPDATE ratings SET rating = 6 - rating;'
		  . $short),
	2, 'version 2 is trained');
isnt($node->safe_psql('postgres', serving('model')),
	$expected, 'and serves something else');
$expected = $node->safe_psql('postgres', serving('model'));
$rows = $node->safe_psql('postgres', $versions);
like($rows, qr/^1\|\d+\|1\n2\|\d+\|1$/, 'both versions are there');

$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $versions),
	$rows, 'both survive a crash after commit');
is($node->safe_psql('postgres', serving('model')),
	$expected, 'version 2 serves as before');

$node->stop;
done_testing();
