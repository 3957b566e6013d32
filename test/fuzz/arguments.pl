#!/usr/bin/perl
#
# Calls every function of the extension with random arguments, and looks for
# what must never be: a crash, an internal error, a leak, a statement that
# outlives its timeout, memory beyond all bounds.
#
#   arguments.pl [--seed N] [--statements N | --seconds N] [--print] [--all]
#
# It works in the database that psql connects to, which database.sql has made.
# The functions come from the catalogue and the options from recsys_algorithms,
# so that what is new is tried as well.  The same seed makes the same statements.
# Most arguments are sane, or no call would get far.  Each call is put into one
# of many surroundings: a cursor, a subtransaction, a parallel query ...
#
#   --print   writes the statements to standard output and runs none
#   --all     goes on after a crash; without it, that is the end
#
# What is found is written with the statement that does it; the exit status is
# 0 when that is nothing.

use strict;
use warnings;

use Getopt::Long;
use IPC::Run;
use List::Util qw(max min shuffle);
use Time::HiRes qw(sleep time);

my %option = (seed => 0, statements => 0, seconds => 0);
GetOptions(\%option, 'seed=i', 'statements=i', 'seconds=i', 'print', 'all')
  or die "usage: $0 [--seed N] [--statements N | --seconds N] [--print] [--all]\n";
$option{statements} ||= 1000 unless $option{seconds};
srand $option{seed};

my $schema = '"Odd schema"';
my $batch_size = 50;
my $timeout_ms = 2000;
my $late_ms = 8000;
my $most_memory_kb = 1024 * 1024;

# Choosing ---------------------------------------------------------------

sub one_of { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

# Of pairs of a weight and something, one.
sub weighted
{
	my @pairs = @_;
	my $total = 0;

	$total += $pairs[ 2 * $_ ] foreach 0 .. $#pairs / 2;
	my $at = rand $total;
	while (@pairs > 2 && ($at -= $pairs[0]) >= 0) { splice @pairs, 0, 2 }
	return $pairs[1];
}

sub quoted
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# What psql says to a query, as a list of lists.
sub rows
{
	my ($query) = @_;
	my ($out, $err);

	IPC::Run::run([ 'psql', '-XAtq', '-F', "\x1f", '-c', $query ], '>', \$out, '2>', \$err)
	  or die "psql: $err";
	return map { [ split /\x1f/, $_, -1 ] } split /\n/, $out;
}

# The catalogue ----------------------------------------------------------

# How often a function is called: more often the more it does.  Those of an
# aggregate's inside want what SQL cannot give.
sub weight_of
{
	my ($types, $cost) = @_;

	return .03 if $types =~ /internal/;
	return $cost >= 1000000 ? 5 : $cost >= 10000 ? 2 : .7;
}

sub read_functions
{
	return map {
		my ($name, $kind, $cost, $defaults, $names, $types) = @$_;
		{
			name => $name,
			kind => $kind,
			weight => weight_of($types, $cost),
			defaults => $defaults,
			names => [ split /,/, $names ],
			types => [ split /,/, $types ]
		}
	} rows(q(
		SELECT p.proname, p.prokind, p.procost, p.pronargdefaults,
			   array_to_string(p.proargnames[1:p.pronargs], ',', ''),
			   (SELECT string_agg(format_type(t, NULL), ',' ORDER BY n)
				  FROM unnest(p.proargtypes) WITH ORDINALITY a (t, n))
		  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
			   AND d.classid = 'pg_proc'::regclass
		  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'recsys'
		 ORDER BY p.oid::regprocedure::text));
}

# algorithm => { option => {type, min, max, values} }
sub read_algorithms
{
	my %algorithm;

	foreach my $row (rows(qq(
		SELECT a.name, o->>'name', o->>'type', o->>'min', o->>'max', o->>'values'
		  FROM $schema.recsys_algorithms a, jsonb_array_elements(a.options) o
		 ORDER BY 1, 2)))
	{
		my ($name, $option, $type, $min, $max, $values) = @$row;
		$algorithm{$name}{$option} = {
			type => $type,
			min => $min,
			max => $max,
			values => [ split /, /, $values ]
		};
	}
	return \%algorithm;
}

# The relations of the schema, of which some have columns as ratings do.
sub read_relations
{
	my ($condition) = @_;

	return map { $_->[0] } rows(qq(
		SELECT quote_ident(relname) FROM pg_class c
		 WHERE relnamespace = 'fuzz'::regnamespace AND relkind <> 'c' AND relname <> 'result'
		   AND $condition ORDER BY 1));
}

my @functions = read_functions();
my $algorithms = read_algorithms();
my @relations = read_relations('true');
my @models = read_relations(q(reloftype <> 0 AND relkind = 'r'));

# Those that the statements train; what trained can be read.
my @trained = qw(t1 t2 t3);
# Waiting for a timeout too often would take all the time.
my @rating_relations = grep { $_ ne 'endless' } read_relations(q(EXISTS (
	SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'user_id')));
my @good_relations = qw(ratings names uuids domains rating_view stored parts repeated enums times);

# Values -----------------------------------------------------------------

my @strings = (
	'', ' ', 'x', 'NULL', '%s%n', "'", '"', '\\', "\x{1}", "\n", 'cosine', 'item', '{}', '[]', '0', '-1', '1e999',
	'NaN', 'pg_class', 'é', '漢字', 'x' x 64, 'x' x 300, 'a.b.c.d', '"', '""', '.', 'ratings; DROP');
my @integers = (0, 1, 2, 3, 5, 10, 40, 100, -1, -2147483648, 2147483647, 1000000, 65536);
my @floats = ("'NaN'", "'Infinity'", "'-Infinity'", 0, "'-0'", 1, .5, -1, '1e308', '-1e308', "'5e-324'", 1e10, 3.4e38);

# Ids of many types; what is known to some models is there more than once.
my @ids = (
	1 .. 20, 99, -1, 0, '2147483648', '9223372036854775807', '3::smallint', '4::bigint', "'5'", "'5'::text",
	"'user 3'", "'user 7'::text", "'A'::varchar", "'B'::text", "md5('3')::uuid", "md5('999')::uuid", '5::fuzz.positive',
	"'sad'::fuzz.mood", "'x'::name", "'2024-01-02'::timestamptz", 'current_date', 'int4range(3, 4)',
	"'10.0.0.3'::inet", 'NULL', 'NULL::int', 'NULL::text', 'NULL::uuid', 'NULL::fuzz.mood', 'ROW(1, 2)',
	'ROW(1, 2)::fuzz.pair', 'ROW()', 'ARRAY[1, 2]', 'ARRAY[]::text[]', '1.5', "'NaN'::float8", "'1e5'::numeric",
	'true', "'x'::\"char\"", "'abc'::bpchar", "'{\"a\": 1}'::jsonb", "'{\"a\": 1}'::json", "'\\x00ff'::bytea", '5::oid',
	"'fuzz.ratings'::regclass", "'1 day'::interval", 'point(1, 2)', "''", "' 5'", "'5 '", "'+5'", "repeat('x', 100000)",
	"repeat('9', 30)", "'5'::cstring", "'5'::money", "B'101'", "'a b'::tsvector", 'int4multirange(int4range(1, 3))',
	"'short'::fuzz.short", "'é'", "E'\\n'", "'abc'::text COLLATE \"C\"", "'1'::xid", "'0/0'::pg_lsn", "'(0,1)'::tid",
	"'pg_proc'::regproc", "ROW(NULL::int)", '(SELECT user_id FROM fuzz.uuids LIMIT 1)',
	'(SELECT user_id FROM fuzz.empty LIMIT 1)', '(SELECT user_id FROM fuzz.null_texts LIMIT 1)', '(SELECT r FROM fuzz.ratings r LIMIT 1)',
	"'<a/>'::text::xml", "'12:00'::timetz", "'a.b'::text::ltree", 'pg_sleep(0)');

sub an_id
{
	my ($call) = @_;

	return one_of(@ids) if $call->{hostile}->() || chance(.2);
	return one_of(1 .. 30, 999, 'NULL::int', "'5'", "'user 3'", "'A'", "md5('3')::uuid", '7::bigint');
}

sub an_int
{
	my ($name, $hostile) = @_;

	return one_of(@integers, int rand 100, 'NULL') if $hostile;
	return one_of(1, 2, 3, 5) if $name eq 'folds' || $name eq 'iterations' || $name eq 'factors';
	return one_of(1, 2, 3, 10, 25);
}

sub a_float
{
	my ($hostile) = @_;

	return one_of(map { "$_\::float8" } @floats, 'NULL') if $hostile;
	return sprintf '%.3g', one_of(rand, 5 * rand, .01, 0);
}

sub a_string
{
	my ($hostile, @sane) = @_;

	return weighted(8 => quoted(one_of(@strings)), 1 => 'NULL', 1 => "repeat('x', 100000)")
	  if $hostile || !@sane;
	return quoted(one_of(@sane));
}

# A relation: by name, by OID, one that is not there.
sub a_relation
{
	my ($call, $name) = @_;
	my $sane =
	    $name eq 'model' && chance(.2) ? one_of(@trained)
	  : $name eq 'model' || ($name eq 'source' && chance(.3)) ? one_of(@models)
	  : chance(.5) ? one_of(@good_relations)
	  : one_of(@rating_relations);

	return quoted("fuzz.$sane") unless $call->{hostile}->();
	return weighted(
		8 => quoted('fuzz.' . one_of(@relations)),
		1 => one_of('0', '4000000000', 'NULL', "'pg_class'", "'pg_statistic'", "'pg_toast.pg_toast_1255'",
			"'information_schema.tables'", "'pg_stat_activity'", '1', "'pg_locks'"),
		1 => quoted(one_of(@relations)),
		1 => a_string(1));
}

sub a_column
{
	my ($call, $name) = @_;
	my ($kind) = $name =~ /^(user|item|rating)_col$/;

	return weighted(4 => quoted(($kind // 'x') . ($kind && $kind ne 'rating' ? '_id' : '')), 1 => 'NULL')
	  unless $call->{hostile}->();
	return one_of(map({ quoted($_) } qw(user_id item_id rating at amount note tags data ctid), 'User "Id', ' ', 'oid', 'relname'),
		'NULL', a_string(1));
}

# JSON -------------------------------------------------------------------

sub json_string
{
	my ($text) = @_;

	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ge;
	return "\"$text\"";
}

sub json_number
{
	my ($spec) = @_;
	my @ends = grep { defined && $_ ne '' } $spec->{min}, $spec->{max};

	return one_of(@ends, 0, 1, -1, 1e300, '1e400', -1e300, 2147483647, -2147483648, 2147483648, '1.5', '1e-400',
		'9' x 100);
}

sub json_anything
{
	my ($depth) = @_;

	return weighted(
		2 => one_of('null', 'true', 'false', 0, 1, -1, 1.5, '1e400', '123456789012345678901234567890'),
		2 => json_string(one_of(@strings)),
		1 => $depth > 2 ? '[]' : '[' . join(',', map { json_anything($depth + 1) } 1 .. rand 3) . ']',
		1 => $depth > 2 ? '{}' : '{' . join(',', map {
			json_string(one_of(@strings, 'method', 'algorithm', 'name')) . ':' . json_anything($depth + 1)
		} 1 .. rand 3) . '}',
		.1 => '[' x 2000 . ']' x 2000);
}

# A sane value of an option.
sub option_value
{
	my ($name, $spec) = @_;
	my $type = $spec->{type};

	return one_of('true', 'false') if $type eq 'bool';
	return json_string(one_of(@{ $spec->{values} })) if $type eq 'enum';
	return a_sane_number($spec) if $type eq 'int' || $type eq 'real';
	return json_components() if $name eq 'components';
	return json_names($name) if $type eq 'names';
	return json_string(text_option($name));
}

# Within the range, and small: what is large is slow.
sub a_sane_number
{
	my ($spec) = @_;
	my $min = $spec->{min} eq '' ? 0 : $spec->{min};
	my $max = $spec->{max} eq '' ? 10 : $spec->{max};

	return int(max($min, 0)) + int rand(min(6, $max - max($min, 0) + 1)) if $spec->{type} eq 'int';
	return sprintf '%.4g', max($min, min($max, one_of($min, rand, 5 * rand, .1, 1, 10)));
}

sub text_option
{
	my ($name) = @_;

	return one_of('at', 'amount', 'note', 'item_id') if $name eq 'time_col';
	return 'item_id' if $name eq 'item_id_col';
	return one_of('simple', 'english', 'pg_catalog.simple') if $name eq 'config';
	return one_of('fuzz.items', 'fuzz.ratings', 'fuzz.items') if $name eq 'items';
	return 'fuzz.' . one_of(@models);
}

sub json_names
{
	my ($name) = @_;
	my @columns = $name eq 'tag_cols' ? qw(genres tags keywords) : qw(title words);

	return '[' . join(',', map { json_string($_) } one_of(@columns, 'item_id'), one_of(@columns)) . ']';
}

sub json_components
{
	return '[' . join(
		',',
		map {
			my $algorithm = one_of(keys_of($algorithms));
			"{\"algorithm\": \"$algorithm\", \"options\": " . json_options($algorithm, sub { 0 }, 1) . '}'
		} 1 .. 1 + rand 3) . ']';
}

sub keys_of { return sort keys %{ $_[0] } }

# The least that makes an algorithm quick, and what it cannot do without.
sub needed_options
{
	my ($algorithm) = @_;
	my $specs = $algorithms->{$algorithm};
	my %needed;

	$needed{factors} = 1 + int rand 4 if $specs->{factors};
	$needed{iterations} = 1 + int rand 3 if $specs->{iterations};
	$needed{items} = '"fuzz.items"' if $specs->{items} && chance(.9);
	$needed{text_cols} = '["title"]' if $specs->{text_cols} && chance(.9);
	return %needed;
}

# Options of an algorithm, as the text of JSON.
sub json_options
{
	my ($algorithm, $hostile, $depth) = @_;
	my $specs = $algorithms->{$algorithm};

	return json_anything(0) if $hostile->() && chance(.1);
	return '{}' unless $specs;
	my %value = needed_options($algorithm);
	$value{components} = json_components() if $specs->{components} && !$depth && chance(.9);
	foreach my $name ((shuffle_by_seed(keys_of($specs)))[ 0 .. int rand 5 ])
	{
		next unless defined $name && !($depth && $name eq 'components');
		my $spec = $specs->{$name};
		$value{$name} =
		   !$hostile->() ? option_value($name, $spec)
		  : chance(.6) && $spec->{type} =~ /int|real/ ? json_number($spec)
		  : json_anything(0);
	}
	$value{ one_of(@strings) } = json_anything(0) if $hostile->() && chance(.1);
	return '{' . join(', ', map { json_string($_) . ": $value{$_}" } sort keys %value) . '}';
}

# shuffle() of List::Util need not follow srand.
sub shuffle_by_seed
{
	my @list = @_;

	for (my $i = $#list; $i > 0; $i--)
	{
		my $j = int rand $i + 1;
		@list[ $i, $j ] = @list[ $j, $i ];
	}
	return @list;
}

my %split_member = (
	seed => sub { one_of(0, 1, -5) },
	test => sub { one_of(.2, .5, .05, '"fuzz.ratings"', '"fuzz.empty"', '"fuzz.child"', '"fuzz.null_texts"') },
	time_col => sub { one_of('"at"', '"amount"', '"note"') },
	after => sub { one_of('"2024-01-02"', 5, '"x"') },
	known => sub { one_of(.2, .8) },
	negatives => sub { json_string('fuzz.' . one_of(@good_relations, @relations)) },
	sampled_negatives => sub { one_of(1, 5, 100) },
	relevant_from => sub { one_of(0, 3, 6) },
	gain => sub { one_of('"binary"', '"exponential"', '"linear"') },
	exclude_seen => sub { one_of('true', 'false') },
	metrics => sub { one_of('["ndcg"]', '["rmse", "diversity", "users"]', '["auc", "coverage"]') });
my %members_of = (
	random => [qw(seed test)],
	per_user => [qw(seed test time_col)],
	leave_one_out => [qw(seed time_col)],
	temporal => [qw(test time_col after)],
	users => [qw(test known time_col)],
	given => [qw(test)]);

sub json_split
{
	my ($hostile) = @_;
	my $method = one_of(keys_of(\%members_of));
	my %value = (method => "\"$method\"");

	return json_anything(0) if $hostile->() && chance(.2);
	foreach my $name (@{ $members_of{$method} }, qw(negatives sampled_negatives relevant_from gain exclude_seen metrics))
	{
		$value{$name} = $split_member{$name}->() if chance($name eq 'time_col' || $method eq 'given' ? .8 : .3);
	}
	delete $value{one_of('negatives', 'sampled_negatives')};
	delete $value{one_of('test', 'after')} if $method eq 'temporal';
	$value{ one_of(keys_of(\%split_member), 'method') } = json_anything(0) if $hostile->();
	return '{' . join(', ', map { "\"$_\": $value{$_}" } sort keys %value) . '}';
}

# Some options, each with some values.
sub json_grid
{
	my ($algorithm, $hostile) = @_;
	my $specs = $algorithms->{$algorithm} // {};
	my %value = needed_options($algorithm);

	return json_anything(0) if $hostile->() && chance(.2);
	foreach my $name ((shuffle_by_seed(keys_of($specs)))[ 0 .. int rand 2 ])
	{
		next unless defined $name && $name ne 'components';
		$value{$name} = '[' . join(',', map {
			$hostile->() ? json_anything(0) : option_value($name, $specs->{$name})
		} 1 .. rand 4) . ']';
	}
	return '{' . join(', ', map { "\"$_\": $value{$_}" } sort keys %value) . '}';
}

sub a_json
{
	my ($call, $name) = @_;
	my $json =
	    $name eq 'split' ? json_split($call->{hostile})
	  : $name eq 'grid' ? json_grid($call->{algorithm}, $call->{hostile})
	  : json_options($call->{algorithm}, $call->{hostile}, 0);

	return 'NULL' if $call->{hostile}->() && chance(.1);
	return quoted($json) . '::jsonb';
}

# Arrays and polymorphic arguments ---------------------------------------

my @elements = (
	[qw(1 2 3 5 NULL -1 2147483647)], [ map { quoted($_) . '::text' } qw(a b c é), '' ],
	[ map { "$_\::float8" } @floats, 'NULL', 2, 3 ],
	[ map { "$_\::numeric" } 1, 2.5, "'NaN'" ], [ map { "md5('$_')::uuid" } 1 .. 4 ],
	[ map { "'$_'::fuzz.mood" } qw(sad ok happy) ], [ map { "ROW($_, 1)::fuzz.pair" } 1 .. 3 ],
	[ map { "int4range($_, 9)" } 1 .. 3 ], [ map { "$_\::fuzz.positive" } 1 .. 3 ],
	[ map { "'$_'::jsonb" } 1 .. 3 ], [ map { "point($_, 1)" } 1 .. 3 ], [ 'NULL', 'NULL::text' ],
	[ map { "'$_'::xid" } 1 .. 3 ], [ map { "'$_'::json" } 1 .. 3 ], [ map { "B'$_'::varbit" } 0, 1, 10 ],
	[ map { "'2024-01-0$_'::timestamptz" } 1 .. 3 ], [ map { "ROW($_, 1)" } 1 .. 3 ], [ map { "'$_'::money" } 1 .. 3 ]);

sub an_array
{
	my ($call, $from) = @_;
	my $length = $call->{length} //= weighted(4 => 1 + int rand 5, 1 => 50);
	my @chosen = map { one_of(@$from) } 1 .. $length;

	return weighted(
		12 => 'ARRAY[' . join(', ', @chosen) . ']',
		1 => "ARRAY[ARRAY[$chosen[0]], ARRAY[$chosen[0]]]",
		1 => 'NULL',
		1 => quoted('{}'),
		1 => "(ARRAY[$chosen[0]])[2:1]",
		.5 => "array_fill($chosen[0], ARRAY[20], ARRAY[-3])",
		.5 => quoted('{1,NULL,2}'),
		.5 => "ARRAY(SELECT $chosen[0] FROM generate_series(1, 3000))");
}

# Of one call all polymorphic arguments have elements of one type, mostly.
sub elements_of
{
	my ($call) = @_;

	$call->{elements} = one_of(@elements) if !$call->{elements} || chance(.05);
	return $call->{elements};
}

my %maker = (
	'regclass' => \&a_relation,
	'integer' => sub { my ($call, $name) = @_; return an_int($name, $call->{hostile}->()) },
	'bigint' => sub { my ($call, $name) = @_; return an_int($name, $call->{hostile}->()) },
	'double precision' => sub { my ($call) = @_; return a_float($call->{hostile}->()) },
	'boolean' => sub { my ($call) = @_; return one_of('true', 'false', $call->{hostile}->() ? 'NULL' : 'true') },
	'text' => \&a_text,
	'name' => \&a_column,
	'jsonb' => \&a_json,
	'anyelement' => \&an_id,
	'anycompatible' => \&an_id,
	'"any"' => \&an_id,
	'anyarray' => sub { my ($call) = @_; return an_array($call, elements_of($call)) },
	'anycompatiblearray' => sub { my ($call) = @_; return an_array($call, elements_of($call)) },
	'double precision[]' => sub { my ($call) = @_; return an_array($call, $elements[2]) },
	'bytea' => sub { return "'\\x" . join('', map { sprintf '%02x', rand 256 } 1 .. rand 200) . "'" },
	'internal' => sub { return 'NULL' });

my %sane_texts = (
	similarity => [
		qw(cosine cosine_common adjusted_cosine pearson pearson_baseline msd jaccard lift asymmetric_cosine)],
	score => [qw(weighted_mean sum average centered zscore baseline)],
	side => [qw(user item)],
	metric => [qw(cosine dot euclidean manhattan)]);
my @metrics = qw(rmse mae precision recall ndcg ndcg@3 map@100 mrr auc coverage novelty hit_rate users);

# By its name: the model to train, the algorithm, what else has few values, an id.
sub a_text
{
	my ($call, $name, $function) = @_;
	my $hostile = $call->{hostile}->();

	return a_string($hostile, $call->{algorithm}) if $name eq 'algorithm';
	return a_string($hostile, ($call->{commit} ? () : map { "fuzz.$_" } @models),
		'pg_temp.t', (map { "fuzz.$_" } @trained) x 5)
	  if $name eq 'model';
	return a_string($hostile, @metrics) if $name eq 'metric' && $function->{name} =~ /grid|tune/;
	return a_string($hostile, @{ $sane_texts{$name} }) if $sane_texts{$name};
	return weighted(3 => quoted(one_of(1 .. 30, 'A', 'user 3', @strings)), 1 => a_string($hostile), 1 => one_of(@ids));
}

sub argument
{
	my ($call, $function, $i) = @_;
	my $make = $maker{ $function->{types}[$i] };
	my $name = $function->{names}[$i] // '';

	return $make->($call, $name, $function) if $make;
	return weighted(3 => 'NULL', 1 => a_string(1), 1 => one_of(@integers));
}

# Calls ------------------------------------------------------------------

# How hostile a call is: what share of its arguments is.
sub new_call
{
	my ($hostility) = @_;

	return {
		algorithm => one_of(keys_of($algorithms)),
		hostile => sub { chance($hostility) },
		commit => chance(.15)
	};
}

# The arguments in order, or the later ones by name, some left at their defaults.
sub arguments
{
	my ($call, $function) = @_;
	my $count = @{ $function->{types} };
	my $needed = $count - $function->{defaults};
	my @list = map { argument($call, $function, $_) } 0 .. $needed - 1;
	my $by_name = chance(.7);

	foreach my $i ($needed .. $count - 1)
	{
		my $share = $function->{names}[$i] =~ /_col$/ ? .1 : .5;
		next if $by_name && !chance($share);
		last if !$by_name && !chance(.6);
		push @list, ($by_name ? "$function->{names}[$i] => " : '') . argument($call, $function, $i);
	}
	return join ', ', @list;
}

# Rows for an aggregate: of random arguments, of a table, or none.
sub aggregate_rows
{
	my ($function, $call) = @_;
	my @types = @{ $function->{types} };
	my $given = 'SELECT ' . arguments($call, $function);

	return weighted(
		2 => join(' UNION ALL ', $given, map { 'SELECT ' . arguments($call, $function) } 1 .. rand 4),
		1 => "$given FROM fuzz.ratings",
		1 => 'SELECT ' . join(', ', map {
			$_ eq 'double precision' ? one_of('rating', 'user_id * rating', 'nullif(rating, 2)') : 'user_id'
		} @types) . ' FROM fuzz.ratings',
		.5 => "$given FROM fuzz.empty");
}

my @frames = (
	'2 PRECEDING AND CURRENT ROW', 'UNBOUNDED PRECEDING AND 1 FOLLOWING',
	'1 FOLLOWING AND 2 FOLLOWING');

# An aggregate, in one of the ways to call one.
sub aggregate_query
{
	my ($function, $call) = @_;
	my $columns = join ', ', map { "c$_" } 1 .. @{ $function->{types} };
	my $rows = '(' . aggregate_rows($function, $call) . ") s ($columns)";
	my $end = weighted(
		4 => "$columns)",
		1 => "DISTINCT $columns)",
		1 => "$columns ORDER BY c1)",
		1 => "$columns) FILTER (WHERE c2 IS NOT NULL)",
		2 => "$columns) OVER (ORDER BY c2 ROWS BETWEEN " . one_of(@frames) . ')',
		1 => "$columns) OVER (PARTITION BY c1)");
	my $groups = weighted(3 => '', 1 => ' GROUP BY c2', 1 => ' GROUP BY GROUPING SETS ((c1), ())');

	return "SELECT $schema.$function->{name}($end FROM $rows$groups";
}

sub a_query
{
	my ($call) = @_;
	my $function = weighted(map { ($_->{weight}, $_) } @functions);
	my $expression;

	return aggregate_query($function, $call) if $function->{kind} eq 'a';
	$expression = "$schema.$function->{name}(" . arguments($call, $function) . ')';
	return "CALL $expression" if $function->{kind} eq 'p';
	return weighted(
		6 => "SELECT * FROM $expression",
		2 => "SELECT $expression",
		.5 => "SELECT * FROM $expression WITH ORDINALITY LIMIT 2",
		.5 => "SELECT count(*) FROM $expression a, $expression b",
		.5 => "SELECT * FROM ROWS FROM ($expression, generate_series(1, 3))",
		.5 => "SELECT s, (SELECT count(*) FROM $expression) FROM generate_series(1, 2) s",
		.5 => "SELECT $expression UNION ALL SELECT $expression",
		.5 => "SELECT * FROM fuzz.single s LEFT JOIN LATERAL $expression x ON true",
		.2 => "SELECT * FROM $expression x WHERE x IS NULL",
		.2 => "SELECT 1 WHERE EXISTS (SELECT $expression)");
}

# Surroundings -----------------------------------------------------------

my @settings = (
	"SET LOCAL maintenance_work_mem = '1MB'", "SET LOCAL work_mem = '64kB'", "SET LOCAL search_path = ''",
	"SET LOCAL search_path = pg_temp, fuzz", 'SET LOCAL max_parallel_maintenance_workers = 0',
	'SET LOCAL min_parallel_table_scan_size = 0', "SET LOCAL timezone = 'Asia/Tokyo'", "SET LOCAL datestyle = 'SQL, DMY'",
	'SET LOCAL extra_float_digits = -15', 'SET LOCAL jit_above_cost = 0', "SET LOCAL bytea_output = 'escape'",
	'SET LOCAL enable_seqscan = off', 'SET LOCAL SESSION AUTHORIZATION regress_recsys_fuzz',
	"SET LOCAL default_table_access_method = 'heap'", "SET LOCAL default_tablespace = 'nowhere'",
	'SET LOCAL row_security = off',	"SET LOCAL temp_file_limit = '64kB'", 'SET LOCAL recsys.model_cache_size = 0',
	'SET LOCAL recsys.ratings_per_worker = 0', 'SET LOCAL recsys.ratings_per_worker = 1',
	'SET LOCAL max_parallel_maintenance_workers = 3; SET LOCAL recsys.ratings_per_worker = 10');
my $parallel = "SELECT set_config(name, 'on', true) FROM pg_settings"
  . " WHERE name IN ('force_parallel_mode', 'debug_parallel_query');"
  . ' SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;';
my $function_of = 'CREATE FUNCTION fuzz.of(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $of$'
  . " DECLARE r record; BEGIN %s LOOP RETURN r::text; END LOOP; RETURN ''; END \$of\$";

# Statements that serve the model that a query may have trained.
sub serving_of
{
	my ($query) = @_;
	my $model = $query =~ /'(fuzz\.t\d)'/ ? $1 : 'fuzz.' . one_of(@trained);

	return "SELECT count(*) FROM $schema.recsys_recommend_all('$model', 3, false);"
	  . " SELECT $schema.recsys_predict('$model', 1, 1); TABLE $schema.recsys_models;";
}

# In a transaction: each is the text around a query.
my @surroundings = (
	6 => sub { "$_[0];" },
	2 => sub { one_of(@settings) . "; $_[0];" },
	1 => sub { join('; ', one_of(@settings), one_of(@settings), one_of(@settings)) . "; $_[0];" },
	2 => sub { "$parallel $_[0];" },
	2 => sub { "$_[0]; " . serving_of($_[0]) },
	1 => sub { "SET TRANSACTION READ ONLY; $_[0];" },
	1 => sub { "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; $_[0]; $_[0];" },
	1 => sub { "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; $_[0];" },
	1 => sub { "SAVEPOINT s; $_[0]; ROLLBACK TO s; $_[0];" },
	1 => sub { "SAVEPOINT s; SELECT 1 / 0; ROLLBACK TO s; $_[0]; RELEASE s;" },
	1 => sub { 'SELECT fuzz.attempt(' . quoted($_[0]) . '), fuzz.attempt(' . quoted($_[0]) . ');' },
	1 => sub { "DECLARE c SCROLL CURSOR WITH HOLD FOR $_[0]; FETCH 2 FROM c; FETCH BACKWARD 1 FROM c; MOVE 5 IN c; CLOSE c;" },
	1 => sub { "DECLARE c CURSOR FOR $_[0]; FETCH 1 FROM c; SAVEPOINT s; FETCH 1 FROM c; ROLLBACK TO s; FETCH ALL FROM c;" },
	1 => sub { "SET LOCAL plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE p AS $_[0]; EXECUTE p; EXECUTE p;" },
	1 => sub { "CREATE TEMP VIEW v AS $_[0]; SELECT * FROM v; EXPLAIN (VERBOSE, COSTS) SELECT * FROM v;" },
	1 => sub { "CREATE TEMP TABLE made ON COMMIT DROP AS $_[0]; TABLE made LIMIT 3;" },
	1 => sub { "INSERT INTO fuzz.result SELECT q::text FROM ($_[0]) q;" },
	1 => sub { "EXPLAIN (ANALYZE, BUFFERS) $_[0];" },
	1 => sub {
		"$parallel " . sprintf($function_of, "FOR r IN $_[0]")
		  . '; ALTER FUNCTION fuzz.of PARALLEL SAFE; SELECT max(fuzz.of(a)) FROM fuzz.indexed;';
	},
	1 => sub {
		sprintf($function_of, "FOR r IN $_[0]")
		  . '; CREATE INDEX ON fuzz.indexed (fuzz.of(a)); SELECT fuzz.of(1);';
	},
	.5 => sub { "DROP TABLE fuzz.m_als, fuzz.names; $_[0];" },
	.5 => sub { "TRUNCATE fuzz.m_svd, fuzz.ratings; $_[0];" },
	.5 => sub { "DELETE FROM fuzz.m_svd WHERE part <> 'header'; DELETE FROM fuzz.m_als WHERE part = 'header'; $_[0];" },
	.5 => sub { "ALTER TABLE fuzz.repeated ALTER user_id TYPE text; ALTER TABLE fuzz.names DROP COLUMN user_id CASCADE; $_[0];" },
	.5 => sub {
		'UPDATE fuzz.' . one_of(grep { /^[mi]_/ } @models)
		  . " SET data = substr(data, 1, length(data) - 1) WHERE part = '"
		  . one_of(qw(header ratings item_ids item_factors)) . "'; $_[0];";
	},
	.5 => sub {
		my $member = '{"' . one_of(qw(users items relation form user_col algorithm)) . '": ' . json_anything(0) . '}';
		'UPDATE fuzz.m_als SET meta = meta || ' . quoted($member) . " WHERE part = 'header'; $_[0];";
	});

sub a_statement
{
	my $call = new_call(weighted(3 => 0, 4 => .1, 2 => .4));
	my $query = a_query($call);

	return "$query;" if $call->{commit} || $query =~ /^CALL/;
	return 'BEGIN; ' . weighted(@surroundings)->($query) . ' ROLLBACK;';
}

# Running ----------------------------------------------------------------

my %findings;    # what => [statements]
my %states;      # SQLSTATE => how often
my %stopped;     # statements that had an error
my @slow;        # statements that met their timeout
my $largest_kb = 0;

# What psql is given for a batch: each statement with its number before it.
sub script
{
	my @statements = @_;
	my $text = "\\set VERBOSITY verbose\n\\timing on\n\\pset pager off\n"
	  . "SET client_min_messages = warning; SET statement_timeout = $timeout_ms; SET search_path = fuzz;\n"
	  . "SET maintenance_work_mem = '64MB';\n";

	$text .= "\\warn \@\@ $_\n\\echo \@\@ $_\n$statements[$_]\n" foreach 0 .. $#statements;
	# After a checkpoint a crash is soon recovered from.
	return $text . "\\warn \@\@ end\nRESET SESSION AUTHORIZATION; CHECKPOINT;\n"
	  . "SELECT 'peak ' || substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)');\n";
}

sub found
{
	my ($what, $statement) = @_;

	push @{ $findings{$what} }, $statement;
	return;
}

# Damage is what some models are made to have.
sub is_expected_damage
{
	my ($statement) = @_;

	return $statement =~ /odd_model|UPDATE fuzz|DELETE FROM|TRUNCATE|ALTER TABLE/;
}

# Is this what must never be said?  PostgreSQL turns a division by zero in C into
# an error, and nothing here needs a gigabyte.
sub is_finding
{
	my ($state, $message, $statement) = @_;

	return 1 if $state eq 'XX000' || $message =~ /leak|\(null\)|floating-point exception|invalid memory alloc/;
	return 1 if $message =~ /needs (\d+) ?MB of memory/ && $1 > 1000;
	return $state =~ /^XX/ && !is_expected_damage($statement);
}

# The errors of a batch, by what psql wrote to its standard error.  Returns the
# number of the statement at which the server went away, or undef.
sub judge_errors
{
	my ($err, @statements) = @_;
	my $at = 'end';

	foreach my $line (split /\n/, $err)
	{
		$at = $1 if $line =~ /^@@ (\d+|end)$/;
		my $statement = $at eq 'end' ? 'between two batches' : $statements[$at];
		return $at if $line =~ /server closed the connection|connection to server was lost/;
		next unless $line =~ /(?:ERROR|WARNING|FATAL|PANIC):  ([0-9A-Z]{5}): (.*)/;
		my ($state, $message) = ($1, $2);
		$states{$state}++;
		$stopped{$statement}++;
		push @slow, $statement if $state eq '57014' && $statement !~ /endless/;
		found("$state " . $message =~ s/fuzz\.\S+|\d+/.../gr, $statement) if is_finding($state, $message, $statement);
	}
	return;
}

# How long statements took, and how much memory, by the standard output.
sub judge_output
{
	my ($out, @statements) = @_;
	my $at = -1;

	foreach my $line (split /\n/, $out)
	{
		if ($line =~ /^@@ (\d+)/) { $at = $1 }
		found('outlives its timeout', $statements[$at])
		  if $line =~ /^Time: ([\d.]+) ms/ && $1 > $timeout_ms + $late_ms;
		next unless $line =~ /peak (\d+)/;
		$largest_kb = max($largest_kb, $1);
		found("a session of $1 kB", join "\n", @statements) if $1 > $most_memory_kb;
	}
	return;
}

sub wait_for_server
{
	foreach (1 .. 600)
	{
		return if IPC::Run::run([qw(psql -XAtqc), 'SELECT 1'], '>', '/dev/null', '2>', '/dev/null');
		sleep .1;
	}
	die "the server does not come back\n";
}

# Run statements in one session.  False: the server crashed, and that is the end.
sub run_batch
{
	my @statements = @_;
	my $script = script(@statements);
	my ($out, $err) = ('', '');

	utf8::encode($script) if utf8::is_utf8($script);
	IPC::Run::run([ 'psql', '-Xq', '-f', '-' ], '<', \$script, '>', \$out, '2>', \$err);
	judge_output($out, @statements);
	my $crash = judge_errors($err, @statements);
	return 1 unless defined $crash;
	found('crash', $crash eq 'end' ? 'between two batches' : $statements[$crash]);
	return 0 unless $option{all};
	wait_for_server();
	return $crash eq 'end' || run_batch(@statements[ $crash + 1 .. $#statements ]);
}

sub report
{
	my ($count, $seconds) = @_;

	foreach my $what (sort keys %findings)
	{
		my @statements = sort { length $a <=> length $b } @{ $findings{$what} };
		printf "FOUND %s, %d times, such as\n%s\n\n", $what, scalar @statements, substr $statements[0], 0, 3000;
	}
	printf "slow: %s\n", substr $_, 0, 1000 foreach @slow[ 0 .. min($#slow, 4) ];
	print "errors: ", join(', ', map { "$_ $states{$_}" } sort keys %states), "\n";
	printf "%d statements with seed %d in %.0f s, %d %% without an error, at most %d MB, %d findings\n",
	  $count, $option{seed}, $seconds, 100 - 100 * keys(%stopped) / max($count, 1),
	  $largest_kb / 1024, scalar keys %findings;
	return;
}

my $start = time;
my $count = 0;
while ($option{seconds} ? time - $start < $option{seconds} : $count < $option{statements})
{
	my @statements = map { a_statement() } 1 .. $batch_size;
	$count += @statements;
	if ($option{print}) { print "$_\n" foreach @statements; next }
	last unless run_batch(@statements);
}
report($count, time - $start) unless $option{print};
exit(%findings ? 1 : 0);
