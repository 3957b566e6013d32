package ServerTest;

# What the tests of a server's life share: a server with recsys, a small table
# of ratings, and statements that run while the test does something else.

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(
  create_server
  create_ratings
  serving
  create_models
  models_serving
  open_session
  start_query
  finish_query
  wait_until_active
);

# A running server; its database postgres has the extension.
sub create_server
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(%params);
	# Logging every statement tells little and takes time.
	$node->append_conf(
		'postgresql.conf', q(
		log_statement = none
		maintenance_work_mem = 512MB
		max_wal_size = 2GB));
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION recsys');
	return $node;
}

# SQL for a table of 60 users and 40 items, the same at every call.
sub create_ratings
{
	my ($table, $user, $item) = @_;

	$user //= 'u';
	$item //= 'i';
	return qq(
		CREATE TABLE $table AS
		SELECT $user AS user_id, $item AS item_id,
			   (1 + (7 * u * u + 13 * i + 3 * u * i) % 5)::real AS rating
		  FROM generate_series(1, 60) u, generate_series(1, 40) i
		 WHERE (u * u + 3 * i * i + 5 * u * i) % 11 < 5;);
}

# SQL for all that a model gives to users 1 to 60, exact to the last digit.
sub serving
{
	my ($model) = @_;

	return qq(
		SELECT u, r.item_id, r.score, r.basis
		  FROM generate_series(1, 60) u, recsys_recommend('$model', u, 5) r
		 ORDER BY u, r.score DESC, r.item_id;
		SELECT u, i, recsys_predict('$model', u, i)
		  FROM generate_series(1, 61, 4) u, generate_series(1, 41, 4) i
		 ORDER BY u, i;);
}

# A model of every algorithm, in the schema models of a database.
sub create_models
{
	my ($node, $database) = @_;

	$node->safe_psql($database, slurp_file('test/upgrade/models.sql'));
	return;
}

# All that these models give, exact to the last digit.
sub models_serving
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, 'SELECT * FROM models.serving() ORDER BY 1, 2, 3, 4, 5, 6');
}

# A session of psql that goes on after an error.
sub open_session
{
	my ($node) = @_;

	return $node->background_psql('postgres', on_error_stop => 0);
}

# Start a statement in a session, and do not wait for its end.
sub start_query
{
	my ($session, $sql) = @_;

	$session->{stderr} = '';
	$session->query_until(qr/^started$/m, "\\echo started\n$sql;\n");
	return;
}

# Wait for the end of what was started; its output, notices and errors.
sub finish_query
{
	my ($session) = @_;
	my $output = $session->query('');
	my $messages = $session->{stderr};

	$output =~ s/^started\n?//;
	$session->{stderr} = '';
	return ($output, $messages);
}

# Wait until a session runs a statement that matches a pattern of LIKE.
sub wait_until_active
{
	my ($node, $pattern) = @_;

	$node->poll_query_until(
		'postgres', qq(
		SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE state = 'active' AND pid <> pg_backend_pid()
		   AND query LIKE '$pattern'))
	  or die "no session ran '$pattern'";
	return;
}

1;
