package Structure;

# What a tree of C sources says of itself: which files include which, and what
# its functions are like.  A .c and its .h are one unit, named by the path
# without the ending: "model/format".

use strict;
use warnings;

use Exporter 'import';
use File::Find qw(find);

our @EXPORT_OK = qw(read_tree folder_of circles folder_includes upward_includes functions_of
  callers_of_functions);

# The content of a file.
sub content_of
{
	my ($path) = @_;
	local $/ = undef;

	open my $file, '<', $path or die "$path: $!";
	return scalar <$file>;
}

# The folder of a unit; those at the root have none.
sub folder_of
{
	my ($unit) = @_;

	return $unit =~ m{^(.*)/} ? $1 : '';
}

# The tree below a folder: the content of its files, by path, and the other units
# that each unit includes.  What is not found there is PostgreSQL's.
sub read_tree
{
	my ($root) = @_;
	my %tree = (file => {}, includes => {});

	find(
		{   no_chdir => 1,
			wanted => sub {
				$tree{file}{ substr $_, 1 + length $root } = content_of($_) if /[.][ch]$/;
			}
		},
		$root);
	foreach my $path (keys %{ $tree{file} })
	{
		my ($unit) = $path =~ /^(.*)[.][ch]$/;

		$tree{includes}{$unit} //= {};
		foreach my $name ($tree{file}{$path} =~ /^\s*#\s*include\s+"([^"]+)[.]h"/mg)
		{
			my $folder = folder_of($unit);
			my ($other) = grep { exists $tree{file}{"$_.h"} } "$folder/$name", $name;

			$tree{includes}{$unit}{$other} = 1 if defined $other && $other ne $unit;
		}
	}
	return \%tree;
}

# Is there a way from one node to another, of one step at least?
sub reaches
{
	my ($graph, $from, $to) = @_;
	my @next = keys %{ $graph->{$from} };
	my %seen;

	while (defined(my $node = pop @next))
	{
		return 1 if $node eq $to;
		push @next, keys %{ $graph->{$node} // {} } unless $seen{$node}++;
	}
	return 0;
}

# The circles of a graph, each as the names of all that are in it.
sub circles
{
	my ($graph) = @_;
	my (@circles, %done);

	foreach my $node (sort keys %$graph)
	{
		next if $done{$node} || !reaches($graph, $node, $node);

		my @circle = grep { reaches($graph, $node, $_) && reaches($graph, $_, $node) } sort keys %$graph;

		$done{$_} = 1 foreach @circle;
		push @circles, join ', ', @circle;
	}
	return @circles;
}

# The same graph of folders.
sub folder_includes
{
	my ($tree) = @_;
	my %graph;

	foreach my $unit (keys %{ $tree->{includes} })
	{
		my $folder = folder_of($unit) or next;

		$graph{$folder} //= {};
		foreach my $other (map { folder_of($_) } keys %{ $tree->{includes}{$unit} })
		{
			$graph{$folder}{$other} = 1 if $other ne '' && $other ne $folder;
		}
	}
	return \%graph;
}

# Includes of a folder that comes later.  One that has no place should not be there:
# then all from it and of it are.
sub upward_includes
{
	my ($tree, @order) = @_;
	my %place = map { $order[$_] => $_ } 0 .. $#order;
	my @upward;

	foreach my $unit (sort keys %{ $tree->{includes} })
	{
		my $folder = folder_of($unit) or next;

		foreach my $other (sort keys %{ $tree->{includes}{$unit} })
		{
			my $from = $place{$folder} // -1;
			my $to = $place{ folder_of($other) } // @order;

			push @upward, "$unit -> $other" if $to > $from && folder_of($other) ne '' && folder_of($other) ne $folder;
		}
	}
	return @upward;
}

# The functions that a file defines: name, static or not, lines of the body, and
# whether there is a comment above.  In PostgreSQL's style braces of functions
# are in the first column, and names are there or follow their type.
sub functions_of
{
	my ($content) = @_;
	my @functions;

	while ($content =~ /^((?:[^\n]+\n)+?)\{\n(.*?)^\}[^\n]*\n/msg)
	{
		my ($head, $body) = ($1, $2);
		my $commented = $head =~ s{^.*\*/[ \t]*\n}{}s;

		$head =~ s/^PG_FUNCTION_INFO_V1\(\w+\);\n//mg;
		next if $head =~ /^(?:typedef|struct|enum|union)\b[^(]*$|=\s*$|^#/m;
		my ($name) = $head =~ /^(?:[\w \t*]*[ \t*])?(\w+)\(/m or next;
		push @functions,
		  { name => $name,
			static => $head =~ /^(?:\w+ )?static\b/ ? 1 : 0,
			lines => scalar($body =~ tr/\n//),
			commented => $commented ? 1 : 0 };
	}
	return @functions;
}

# For each function that is not static and not looked up by PostgreSQL, who names
# it: "own" if its own file does, and the paths of others.
sub callers_of_functions
{
	my ($tree) = @_;
	my (%callers, %words);

	foreach my $path (keys %{ $tree->{file} })
	{
		my $code = $tree->{file}{$path} =~ s{/\*.*?\*/}{}gsr =~ s/^(?:pg_noreturn )?extern [^;{]*;$//gmr;

		$words{$path}{$_}++ foreach $code =~ /\b([A-Za-z_]\w*)\b/g;
	}
	foreach my $path (sort keys %{ $tree->{file} })
	{
		my $content = $tree->{file}{$path};

		foreach my $name (map { $_->{name} } grep { !$_->{static} } functions_of($content))
		{
			next if $content =~ /\bPG_FUNCTION_INFO_V1\(\Q$name\E\)|\bPGDLLEXPORT\b[^;]*\b\Q$name\E\(/;
			$callers{"$path: $name"} =
			  [ $words{$path}{$name} > 1 ? 'own' : (), grep { $_ ne $path && $words{$_}{$name} } sort keys %words ];
		}
	}
	return \%callers;
}

1;
