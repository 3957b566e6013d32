# Where OpenBLAS cannot have its buffer, what needs it is an error at once, in
# the leader and in workers, and what does not need it works: serving, and
# training without dense linear algebra.  OpenBLAS itself would try for ever,
# deaf to cancelling and to termination.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Utils;
use ServerTest;
use Test::More;

my $probe = '';
plan skip_all => 'there is no prlimit'
  unless eval { IPC::Run::run([ 'prlimit', '--version' ], '>', \$probe) }
  && -r '/proc/self/status';

my $node = create_server('main');
$node->safe_psql('postgres', create_ratings('ratings') . q(
	SELECT FROM recsys_train('als_model', 'ratings', 'als');
	SELECT FROM recsys_train('ials_model', 'ratings', 'ials', '{}', rating_col => NULL);));

my $serving = q(SELECT * FROM recsys_recommend_all('als_model', n => 3) ORDER BY user_id, rank;
	SELECT * FROM recsys_recommend('ials_model', 1, 5););
my $before = $node->safe_psql('postgres', $serving);

# Sessions from now on have room for what they are and a little more.
my ($megabytes) = $node->safe_psql('postgres',
	q(LOAD 'recsys';
	SELECT pg_read_file('/proc/' || pg_backend_pid() || '/status'))) =~ /^VmSize:\s+(\d+) kB/m;
my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
$megabytes = int($megabytes / 1024) + 64;
system_or_bail('prlimit', '--pid', $postmaster, '--as=' . $megabytes * 1024 * 1024 . ':');

# What comes of some SQL, errors with their SQLSTATE.
sub ask
{
	my ($sql) = @_;
	my ($output, $error);
	my $timed_out = 0;

	$node->psql('postgres', "\\set VERBOSITY verbose\n$sql",
		stdout => \$output, stderr => \$error, timeout => 30, timed_out => \$timed_out);
	return $timed_out ? 'it hangs' : $error || $output;
}

my $refused = qr/ERROR:  53200: out of memory.*DETAIL:  OpenBLAS needs \d+ MB.*HINT:  Raise/s;

SKIP:
{
	foreach my $algorithm (qw(ease ials logistic_mf als))
	{
		my $options = $algorithm eq 'als' ? '{"solver": "cholesky"}' : '{}';
		my $said = ask("SELECT FROM recsys_train('m', 'ratings', '$algorithm', '$options')");
		like($said, $refused, "$algorithm needs OpenBLAS and says so");
		# A server that hangs would do so in all that follows.
		skip 'the first training hangs', 1 if $said eq 'it hangs';
	}
	like(ask(q(SET recsys.ratings_per_worker = 50; SET max_parallel_maintenance_workers = 2;
		SELECT FROM recsys_train('m', 'ratings', 'ials'))),
		$refused, 'with workers too');
	like(ask(q(SELECT * FROM recsys_factor_pca('als_model'))),
		$refused, 'principal components say so, too');
	is($node->safe_psql('postgres', $serving), $before, 'serving needs no OpenBLAS');
	is(ask(q(SET recsys.ratings_per_worker = 50; SET max_parallel_maintenance_workers = 2;
		SELECT count(*) > 0 FROM recsys_evaluate('ratings', 'svd', '{"list_score": "prediction"}'))),
		't', 'nor does evaluating, with workers, what is trained without it');
}

# With room again the same sessions' successors train.
system_or_bail('prlimit', '--pid', $postmaster, '--as=unlimited:');
$node->safe_psql('postgres', q(SELECT FROM recsys_train('m', 'ratings', 'ease', '{}', rating_col => NULL)));
is($node->safe_psql('postgres', q(SELECT count(*) FROM recsys_recommend('m', 1, 5))), '5',
	'with room again it is trained');

# OpenBLAS is loaded by who needs it, and takes no more than is asked for first.
sub state_of
{
	my ($sql) = @_;

	my @line = split /\n/, $node->safe_psql('postgres', "$sql;
		SELECT pg_read_file('/proc/' || pg_backend_pid() || '/maps', 0, 99999999) ~ 'openblas';
		SELECT count(*) FROM pg_ls_dir('/proc/' || pg_backend_pid() || '/task');");
	return "@line[-2, -1]";
}
is(state_of(q(SELECT FROM recsys_recommend_all('als_model', n => 3))),
	'f 1', 'serving does not load OpenBLAS');
is(state_of(q(SELECT FROM recsys_train('m', 'ratings', 'svd', '{"list_score": "prediction"}');
		SELECT FROM recsys_train('m', 'ratings', 'als', '{"list_score": "prediction"}'))),
	'f 1', 'nor does training that does not need it');
is(state_of(q(SELECT FROM recsys_train('m', 'ratings', 'ials'))),
	't 1', 'training that needs it does, and starts no thread');

$node->stop;
done_testing();
