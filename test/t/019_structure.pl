# The shape of src: no circles of includes, none upward, folders of bounded size,
# short functions, and comments above them.  ARCHITECTURE.md's table of folders
# is the order in which they may include each other.  A folder's README.md has its
# files, and what it may include of the folders before it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;
use Structure qw(read_tree folder_of circles folder_includes upward_includes functions_of
  callers_of_functions);
use Test::More;

my $largest_folder = 6000;       # lines; an algorithm is a file, of which there may be many
my $longest_function = 40;       # lines of its body
my $static_with_comment = .9;    # the names of the others say it all

# A tree of made-up files, path and content.
sub made_up
{
	my %content = @_;
	my $root = PostgreSQL::Test::Utils::tempdir();

	foreach my $path (keys %content)
	{
		make_path(dirname("$root/$path"));
		append_to_file("$root/$path", $content{$path});
	}
	return read_tree($root);
}

# What the test is made of finds what it looks for.
my $tree = made_up(
	'compat.h' => qq(#include "postgres.h"\n),
	'low/a.h' => '',
	'low/a.c' => qq(#include "compat.h"\n#include "low/a.h"\n#include "b.h"\n),
	'low/b.h' => '',
	'low/b.c' => qq(#include <math.h>\n#include "postgres.h"\n#include "low/a.h"\n),
	'low/c.c' => qq(#include "low/b.h"\n),
	'high/d.h' => qq(#include "low/a.h"\n),
	'high/e.c' => qq(#include "high/d.h"\n#include "low/b.h"\n),
	'low/f.c' => qq(# include "high/d.h"\n));
is_deeply([ circles($tree->{includes}) ], ['low/a, low/b'], 'a circle of files is found, by their .c');
is_deeply([ circles(folder_includes($tree)) ], ['high, low'], 'and one of folders');
is_deeply([ upward_includes($tree, 'low', 'high') ], ['low/f -> high/d'], 'and an include that goes upward');
is_deeply([ upward_includes($tree, 'low') ], [ 'high/d -> low/a', 'high/e -> low/b', 'low/f -> high/d' ], 'and a folder without a place');
is_deeply([ circles(made_up('low/a.h' => qq(#include "b.h"\n), 'low/b.h' => '')->{includes}) ], [], 'no circle where there is none');

my @functions = functions_of(<<'C');
/* A type. */
typedef struct Pair
{
	int			x;
} Pair;

/* What it is for. */
static inline int
first(Pair *pair,
	  int n)
{
	return pair->x;
}

/* Of something else. */

PG_FUNCTION_INFO_V1(second);

Datum
second(PG_FUNCTION_ARGS)
{
	if (true)
	{
		call();
	}
}

/* What it is for. */
PG_FUNCTION_INFO_V1(third);
Datum
third(PG_FUNCTION_ARGS)
{
}

static const int table[] =
{
	1, 2
};
static void fourth(void)
{
}
C
is_deeply(
	[ map { join ' ', @$_{qw(name static lines commented)} } @functions ],
	[ 'first 1 1 1', 'second 0 4 0', 'third 0 0 1', 'fourth 1 0 0' ],
	'functions are found, with their length and their comments');

$tree = made_up(
	'a.h' => "/* alone */\nextern void alone(void);\nextern int own(int);\nextern void far(void);\n",
	'a.c' => "void\nalone(void)\n{\n}\n\nint\nown(int n)\n{\n\treturn own(n);\n}\n\nvoid\nfar(void)\n{\n}\n"
	  . "\nPG_FUNCTION_INFO_V1(sql);\nDatum\nsql(PG_FUNCTION_ARGS)\n{\n}\n",
	'b.c' => "static void\nb(void)\n{\n\tfar();\n}\n");
is_deeply(callers_of_functions($tree), { 'a.c: alone' => [], 'a.c: own' => ['own'], 'a.c: far' => ['b.c'] }, 'who calls a function is found');

# The source.
my $architecture = slurp_file('ARCHITECTURE.md');
my @order = $architecture =~ /^\| `src\/(\w+)` \|/mg;
my @folders = sort map { basename($_) } grep { -d } glob 'src/*';
my (%lines, @long, @uncommented, $static, $commented);

$tree = read_tree('src');
cmp_ok(scalar keys %{ $tree->{file} }, '>', 200, 'there is source');
is(join(' ', sort @order), join(' ', @folders), 'ARCHITECTURE.md has every folder of src, and no other');
is(join("\n", circles($tree->{includes})), '', 'no files include each other in a circle');
is(join("\n", circles(folder_includes($tree))), '', 'nor do folders');
is(join("\n", upward_includes($tree, @order)), '', 'a folder includes those before it in ARCHITECTURE.md only');

# What a folder's README.md says of its files, and of what they may include.
my $includes = folder_includes($tree);
foreach my $n (0 .. $#order)
{
	my $folder = $order[$n];
	my $readme = -f "src/$folder/README.md" ? slurp_file("src/$folder/README.md") : '';
	my %named = map { $_ => 1 } $readme =~ /`(\w+)[.][ch]`/g;
	my %units = map { m{^$folder/(.*)} ? ($1 => 1) : () } keys %{ $tree->{includes} };
	my ($may) = $readme =~ /^May include: (.*)[.]$/m;
	my %may = map { $_ => 1 } ($may // '') =~ /`(\w+)`/g;
	my %before = map { $_ => 1 } @order[ 0 .. $n - 1 ];

	is(join(' ', sort keys %named), join(' ', sort keys %units), "src/$folder/README.md names the files of the folder, and no others");
	is(join(' ', grep { !$before{$_} } sort keys %may), '', "src/$folder may include what it says");
	is(join(' ', grep { !$may{$_} } sort keys %{ $includes->{$folder} }), '', "src/$folder includes no other folder");
}

# Files of other folders, and of test and script, that these texts name.
foreach my $text ('ARCHITECTURE.md', glob 'src/*/README.md')
{
	my @paths = slurp_file($text) =~ /`([\w.]+\/[\w.\/]*[.](?:c|h|pl|md|sql|sh))`/g;

	is(join(' ', grep { !-f && !-f "src/$_" } @paths), '', "what $text names is there");
}

foreach my $path (sort keys %{ $tree->{file} })
{
	$lines{ folder_of($path) } += $tree->{file}{$path} =~ tr/\n//;
	foreach my $function (functions_of($tree->{file}{$path}))
	{
		push @long, "$path: $function->{name}, $function->{lines} lines" if $function->{lines} > $longest_function;
		push @uncommented, "$path: $function->{name}" unless $function->{commented} || $function->{static};
		$static += $function->{static};
		$commented += $function->{static} && $function->{commented};
	}
}
is(join(' ', grep { $lines{$_} >= $largest_folder && $_ ne 'algorithms' } sort keys %lines),
	'', "no folder but algorithms has $largest_folder lines");
cmp_ok($static, '>', 1000, 'there are functions');
is(join("\n", @long), '', "no function has more than $longest_function lines");
is(join("\n", @uncommented), '', 'every function that others can call has a comment above it');
cmp_ok($commented / $static, '>=', $static_with_comment, "so have $commented of $static that are a file's own");

# What only tests call is no part of the library; they may call what others could
# call.
my $callers = callers_of_functions($tree);
my %tested = map { $_ => 1 } map { slurp_file($_) =~ /\b(\w+)\b/g } glob 'test/unit/*.c test/fuzz/*.c test/modules/*/*.c';

cmp_ok(scalar keys %$callers, '>', 300, 'functions have names that others can see');
is(join("\n", grep { !@{ $callers->{$_} } } sort keys %$callers), '', 'all of them are called');
is(join("\n", grep { "@{ $callers->{$_} }" eq 'own' && !$tested{s/.* //r} } sort keys %$callers),
	'', 'what only its own file calls is static');

done_testing();
