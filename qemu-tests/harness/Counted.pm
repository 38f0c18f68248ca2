# SPDX-License-Identifier: GPL-2.0-only
# A TAP harness for prove that ends with one line of counts.
package Counted;

use strict;
use warnings;

use parent 'TAP::Harness';

# The checks of one test file: (passed, failed, skipped).  A file that ends badly
# without a failed check of its own is a failure too; a skipped check has not passed.
sub count {
	my ($parser) = @_;
	my $skipped = $parser->skipped;
	my $failed = $parser->failed;

	if ($parser->parse_errors) {
		$failed++;
	} elsif (!$failed && ($parser->exit || $parser->wait)) {
		$failed++;
	}
	return ($parser->actual_passed - $skipped, $failed, $skipped + !!$parser->skip_all);
}

sub summary {
	my ($self, $aggregate, @rest) = @_;
	my @sum = (0, 0, 0);

	$self->SUPER::summary($aggregate, @rest);
	for my $parser ($aggregate->parsers) {
		my @one = count($parser);

		$sum[$_] += $one[$_] for 0 .. 2;
	}
	$sum[1]++ if !$aggregate->parsers;
	print "$sum[0] passed, $sum[1] failed", $sum[2] ? ", $sum[2] skipped" : '', "\n";
}

1;
